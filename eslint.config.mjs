import tseslint from 'typescript-eslint'

// Rules and crypto are pure: time, randomness, network and environment come in as parameters.
const impure = ['fetch', 'localStorage', 'sessionStorage', 'indexedDB', 'console', 'process', 'window', 'document']
const noHiddenInputs = [
  'error',
  { selector: "NewExpression[callee.name='Date'][arguments.length=0]", message: 'Pass `now` in.' },
  { selector: "MemberExpression[object.name='Date'][property.name='now']", message: 'Pass `now` in.' },
  { selector: "MemberExpression[object.name='Math'][property.name='random']", message: 'Never for ids or keys.' },
]

// Ids have one spelling (lib/ids.ts).
const oneSpelling = {
  selector: "CallExpression[callee.object.name='z'][callee.property.name='uuid']",
  message: 'Use Id of lib/ids.',
}

export default tseslint.config(
  {
    ignores: [
      'node_modules',
      'test-results',
      'playwright-report',
      '.next',
      '.next-*',
      '.curtain*',
      'prisma/generated',
      'next-env.d.ts',
    ],
  },
  {
    files: ['**/*.{ts,tsx}'],
    extends: [tseslint.configs.recommended],
    rules: {
      '@typescript-eslint/consistent-type-imports': 'error',
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_', varsIgnorePattern: '^_' }],
      eqeqeq: 'error',
    },
  },
  {
    files: ['lib/crypto/**/*.ts', 'lib/*/rules.ts', 'lib/{errors,time,money}.ts'],
    ignores: ['**/*.test.ts'],
    rules: { 'no-restricted-globals': ['error', ...impure], 'no-restricted-syntax': [...noHiddenInputs, oneSpelling] },
  },
  {
    files: ['{app,components,lib}/**/*.{ts,tsx}'],
    ignores: ['lib/server/env.ts', 'lib/server/log.ts', 'lib/server/testing.ts', '**/*.test.ts', '**/*.test.tsx'],
    rules: {
      'no-console': 'error',
      'no-restricted-properties': ['error', { object: 'process', property: 'env', message: 'Use lib/server/env.' }],
    },
  },
)
