// One-way flow: crypto → rules → store → flow → app, and browser → components → app. Each rule's name says which wall was crossed.
const rules = '^lib/[^/]+/(rules|messages)[.]ts$'
const sealedTypes = '^lib/crypto/types[.]ts$'
const shared = '^lib/(day|errors|ids|network|time|money|contract)[.]ts$'
const pure = [rules, sealedTypes, shared]
const ours = '^(app|components|lib)/'
const serverOnly = '^lib/(server/|worker[.]ts$|[^/]+/(store|flow)[.]ts$)'
const doors = ['^app/api/', '/route[.]ts$']
const testFile = '[.]test[.]tsx?$'

/** @type {import('dependency-cruiser').IConfiguration} */
module.exports = {
  forbidden: [
    {
      name: 'no-cycles',
      severity: 'error',
      from: {},
      to: { circular: true, viaOnly: { dependencyTypesNot: ['type-only'] } },
    },
    {
      name: 'nothing-imports-app',
      severity: 'error',
      from: { path: '^(components|lib|prisma)/' },
      to: { path: '^app/' },
    },
    {
      name: 'crypto-stands-alone',
      severity: 'error',
      from: { path: '^lib/crypto/', pathNot: testFile },
      to: { path: ours, pathNot: '^lib/crypto/' },
    },
    {
      name: 'shared-stands-alone',
      severity: 'error',
      from: { path: '^lib/(day|errors|ids|network|time|money)[.]ts$' },
      to: { path: ours, pathNot: shared },
    },
    { name: 'rules-are-pure', severity: 'error', from: { path: rules }, to: { path: ours, pathNot: pure } },
    { name: 'rules-run-anywhere', severity: 'error', from: { path: rules }, to: { dependencyTypes: ['core'] } },
    {
      name: 'store-is-shallow',
      severity: 'error',
      from: { path: '^lib/[^/]+/store[.]ts$' },
      to: {
        path: ours,
        pathNot: [
          ...pure,
          '^lib/server/(db|env|tx|kms|keystore)[.]ts$',
          '^lib/audit/store[.]ts$',
          '^lib/record/(epochs|grants)[.]ts$',
          '^lib/access/part[.]ts$',
        ],
      },
    },
    {
      name: 'only-store-opens-db',
      severity: 'error',
      from: { path: ours, pathNot: ['^lib/[^/]+/store[.]ts$', '^lib/server/', '^lib/rotate-keys[.]ts$', testFile] },
      to: { path: '^lib/server/db[.]ts$|@prisma/client|^prisma/generated/' },
    },
    {
      name: 'server-edge-knows-no-domain',
      severity: 'error',
      from: { path: '^lib/server/', pathNot: testFile },
      to: { path: ours, pathNot: [...pure, '^lib/server/', '^lib/messages/'] },
    },
    {
      name: 'server-never-decrypts',
      severity: 'error',
      from: { path: [serverOnly, ...doors], pathNot: testFile },
      to: { path: '^lib/(crypto/(?!types)|browser/)', reachable: true },
    },
    {
      name: 'browser-never-reaches-server',
      severity: 'error',
      from: { path: '^lib/browser/', pathNot: testFile },
      to: { path: serverOnly, reachable: true },
    },
    {
      name: 'components-never-reach-server',
      severity: 'error',
      from: { path: '^components/' },
      to: { path: serverOnly, pathNot: '^lib/server/(i18n|theme)[.]ts$' },
    },
    {
      name: 'ui-knows-no-domain',
      severity: 'error',
      from: { path: '^components/ui/' },
      to: { path: ours, pathNot: '^components/ui/' },
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules|prisma/generated' },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    exclude: { path: '[.]next' },
  },
}
