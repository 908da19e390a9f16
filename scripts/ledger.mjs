// `npm run ledger`: writes docs/ledger.md from the `/// @sees` comments in prisma/schema.prisma. `--check` only compares.
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'

const classes = {
  public: 'anyone may read it',
  operational: 'the server reads it and needs it to work',
  clinical: 'ciphertext; opened in the browsers of the patient and the clinic',
  key: 'key material or a verifier that is useless alone',
}

/** Models with their columns; throws with the column's name where a class is missing or unknown. */
export function readSchema(text) {
  const models = []
  let model = null
  let doc = ''
  let sees = null
  for (const raw of text.split('\n')) {
    const line = raw.trim()
    const opened = /^model (\w+) \{$/.exec(line)
    if (opened) {
      model = { name: opened[1], doc, columns: [] }
      models.push(model)
      doc = ''
      sees = null
    } else if (line === '}') {
      model = null
    } else if (!model) {
      doc = line.startsWith('///') ? line.slice(3).trim() : ''
    } else if (line.startsWith('///')) {
      const said = /^\/\/\/ @sees (\w+): (.+)$/.exec(line)
      if (!said || !(said[1] in classes)) throw new Error(`${model.name}: “${line}” names no known class`)
      sees = { class: said[1], why: said[2] }
    } else if (line && !line.startsWith('@@') && !line.startsWith('//')) {
      const [name, type] = line.split(/\s+/)
      // A relation is not a column: its column has a line of its own.
      const relation = / @relation\(/.test(line) || models.some((m) => m.name === type.replace(/[?[\]]/g, ''))
      const later = new RegExp(`^model ${type.replace(/[?[\]]/g, '')} \\{`, 'm').test(text)
      if (relation || later) {
        sees = null
        continue
      }
      if (!sees) throw new Error(`${model.name}.${name} does not say who sees it: add “/// @sees CLASS: why” above it`)
      model.columns.push({ name, type, ...sees })
      sees = null
    }
  }
  return models
}

export function ledger(models) {
  const count = (name) => models.flatMap((m) => m.columns).filter((c) => c.class === name).length
  const lines = [
    '# What the operator sees',
    '',
    'Every column of the database and who can read what is in it. Made from prisma/schema.prisma by `npm run ledger`.',
    '',
    '| class | columns | meaning |',
    '|---|---|---|',
    ...Object.entries(classes).map(([name, meaning]) => `| ${name} | ${count(name)} | ${meaning} |`),
  ]
  for (const model of models) {
    lines.push('', `## ${model.name}`, '', model.doc, '', '| column | class | what it is |', '|---|---|---|')
    for (const column of model.columns) lines.push(`| ${column.name} | ${column.class} | ${column.why} |`)
  }
  return lines.join('\n') + '\n'
}

if (process.argv[1] && import.meta.url === pathToFileURL(process.argv[1]).href) {
  const root = fileURLToPath(new URL('..', import.meta.url))
  const file = join(root, 'docs', 'ledger.md')
  try {
    const text = ledger(readSchema(readFileSync(join(root, 'prisma', 'schema.prisma'), 'utf8')))
    if (!process.argv.includes('--check')) writeFileSync(file, text)
    else if (readFileSync(file, 'utf8') !== text)
      throw new Error('docs/ledger.md is not what the schema says: run `npm run ledger`')
  } catch (error) {
    process.stderr.write(`${error.message}\n`)
    process.exit(1)
  }
}
