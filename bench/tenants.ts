/**
 * Row "tenants": the dashboard of a clinic with 5,000 appointments, in a database of its own and in one with 999 others as large.
 * Two whole stacks stand side by side and are asked in turn, by the doors that the pages ask.
 */
import { type TestStack, up } from '../e2e/stack.ts'
import { clinicWorld, type ClinicWorld } from '../e2e/world.ts'
import { clinicHour, clinicZone } from '../e2e/zones.ts'
import { addDays, dayIn } from '../lib/time.ts'
import { median, p95, type Row, round } from './lab/rows.ts'

const CLINICS = 1000
const APPOINTMENTS = 5000
const PRACTITIONERS = 5
const PATIENTS = 500
const NAMED = 20
const A_DAY = 16
const AT_ONCE = 50
const ROUNDS = 150
const GOAL = 1.2

/** Copies rows as they are but for the columns that are given as SQL; the row is `r`. */
async function copy(stack: TestStack, table: string, over: Record<string, string>, rest: string, values: unknown[]) {
  const columns = await stack.sql<{ name: string }>(
    `SELECT column_name AS name FROM information_schema.columns
     WHERE table_schema = 'public' AND table_name = $1 AND is_generated = 'NEVER' AND is_identity = 'NO'`,
    [table],
  )
  const into = columns.map(({ name }) => name).join(', ')
  const from = columns.map(({ name }) => over[name] ?? `r.${name}`).join(', ')
  await stack.sql(`INSERT INTO ${table} (${into}) SELECT ${from} FROM ${table} r ${rest}`, values)
}

/** Patients that were booked as any are; their appointments, and copies of both until the clinic is as large as it shall be. */
async function clinicOf(stack: TestStack): Promise<ClinicWorld> {
  const world = await clinicWorld(stack)
  for (let nth = 0; nth < NAMED; nth++) await world.book({ fields: { name: `Patient Number ${nth}` } })
  const { clinicId, doctor } = world
  const another = { id: 'gen_random_uuid()' }
  await copy(
    stack,
    'member',
    { ...another, sign_key: 'NULL', dh_key: 'NULL', email_index: `decode(md5(n::text), 'hex')` },
    `, generate_series(2, $2::int) n WHERE r.id = $1`,
    [doctor.memberId, PRACTITIONERS],
  )
  await copy(
    stack,
    'patient',
    { ...another, email_index: 'NULL' },
    `, generate_series(1, $2::int) WHERE r.id = (SELECT id FROM patient WHERE clinic_id = $1 LIMIT 1)`,
    [clinicId, PATIENTS - NAMED],
  )
  // Out of the way of the times below.
  await stack.sql(`UPDATE appointment SET status = 'cancelled' WHERE clinic_id = $1`, [clinicId])
  const today = dayIn(clinicZone, new Date())
  const first = clinicHour(addDays(today, -Math.floor(APPOINTMENTS / PRACTITIONERS / A_DAY / 2)), 8)
  // Today's are of those whose names are sealed as any: what a page shows weighs the same in both.
  const at = `$3::timestamptz + (n / $4 / $5) * interval '1 day' + (n / $4 % $5) * interval '30 minutes'`
  const isToday = `(${at}) >= $6::timestamptz AND (${at}) < $6::timestamptz + interval '1 day'`
  await copy(
    stack,
    'appointment',
    {
      ...another,
      ...{ status: `'booked'`, starts_at: at, blocked_from: at },
      ...{ ends_at: `${at} + interval '20 minutes'`, blocked_until: `${at} + interval '25 minutes'` },
      ...{ link_hash: 'NULL', link_sealed: 'NULL', hold_hash: 'NULL', idempotency_key: 'NULL' },
      member_id: 'doctors.ids[1 + n % $4]',
      patient_id: `CASE WHEN ${isToday} THEN named.ids[1 + n % $7] ELSE whole.ids[1 + n % array_length(whole.ids, 1)] END`,
    },
    `, generate_series(0, $2::int - 1) n,
       (SELECT array_agg(DISTINCT patient_id) AS ids FROM appointment WHERE clinic_id = $1) named,
       (SELECT array_agg(id ORDER BY id) AS ids FROM patient WHERE clinic_id = $1) whole,
       (SELECT array_agg(id) AS ids FROM member WHERE clinic_id = $1 AND 'practitioner' = ANY(roles)) doctors
     WHERE r.id = (SELECT id FROM appointment WHERE clinic_id = $1 LIMIT 1)`,
    [clinicId, APPOINTMENTS, first, PRACTITIONERS, A_DAY, clinicHour(today, 0), NAMED],
  )
  return world
}

const tables = ['member', 'consent_text', 'service', 'patient', 'record', 'record_grant', 'appointment'] as const

/** Clinics like that one, with its rows under other names; their keys are nobody's. */
async function others(stack: TestStack, { clinicId }: ClinicWorld) {
  const [slot] = await stack.sql<{ definition: string }>(
    `SELECT pg_get_constraintdef(oid) AS definition FROM pg_constraint WHERE conname = 'appointment_slot'`,
  )
  const indexes = await stack.sql<{ name: string; definition: string }>(
    `SELECT indexname AS name, indexdef AS definition FROM pg_indexes
     WHERE tablename = 'appointment' AND indexname NOT IN (SELECT conname FROM pg_constraint)`,
  )
  // Built once at the end instead of five million times; and what points to what is copied as it is.
  await stack.sql('ALTER TABLE appointment DROP CONSTRAINT appointment_slot')
  for (const { name } of indexes) await stack.sql(`DROP INDEX ${name}`)
  for (const table of tables) await stack.sql(`ALTER TABLE ${table} DISABLE TRIGGER ALL`)
  await stack.sql(
    `CREATE TABLE bench_clinic AS SELECT gen_random_uuid() AS id, n FROM generate_series(1, ${CLINICS - 1}) n`,
  )
  await copy(stack, 'clinic', { id: 'b.id', slug: `'other-' || b.n` }, `, bench_clinic b WHERE r.id = $1`, [clinicId])
  // The name of a row of the copied clinic in another one, the same for whoever points to it.
  const named = (...columns: string[]) =>
    Object.fromEntries(columns.map((column) => [column, `md5(b.id::text || r.${column}::text)::uuid`]))
  const over: Record<(typeof tables)[number], Record<string, string>> = {
    member: {
      ...named('id'),
      ...{ sign_key: 'NULL', dh_key: 'NULL', email_index: `decode(md5(b.id::text || r.id::text), 'hex')` },
    },
    consent_text: named('id'),
    service: named('id', 'consent_text_id'),
    patient: { ...named('id'), email_index: 'NULL' },
    record: named('id', 'patient_id', 'record_id'),
    record_grant: named('id', 'patient_id', 'record_id'),
    appointment: named('id', 'member_id', 'service_id', 'patient_id'),
  }
  for (let from = 1; from < CLINICS; from += AT_ONCE)
    for (const table of tables)
      await copy(
        stack,
        table,
        { ...over[table], clinic_id: 'b.id' },
        `, bench_clinic b WHERE r.clinic_id = $1 AND b.n BETWEEN $2 AND $3`,
        [clinicId, from, from + AT_ONCE - 1],
      )
  for (const table of tables) await stack.sql(`ALTER TABLE ${table} ENABLE TRIGGER ALL`)
  for (const { definition } of indexes) await stack.sql(definition)
  await stack.sql(`ALTER TABLE appointment ADD CONSTRAINT appointment_slot ${slot!.definition}`)
}

const timed = async (what: () => Promise<unknown>) => {
  const begun = performance.now()
  await what()
  return performance.now() - begun
}

export default async function tenants(): Promise<Row[]> {
  const env = { RATE_LIMIT_FACTOR: '100000' }
  const stacks: TestStack[] = []
  try {
    const worlds: ClinicWorld[] = []
    for (let nth = 0; nth < 2; nth++) {
      stacks.push(await up({ env }))
      worlds.push(await clinicOf(stacks[nth]!))
    }
    const crowd = stacks[1]!
    await others(crowd, worlds[1]!)
    for (const stack of stacks) await stack.sql('VACUUM ANALYZE')
    const [size] = await crowd.sql<{ clinics: number; appointments: number; bytes: number }>(
      `SELECT (SELECT count(*)::int FROM clinic) AS clinics,
         (SELECT count(*)::int FROM appointment WHERE status = 'booked') AS appointments,
         pg_database_size(current_database())::float8 AS bytes`,
    )
    const day = dayIn(clinicZone, new Date())
    const pages: Record<string, (world: ClinicWorld) => Promise<unknown>> = {
      day: ({ desk }) => desk.door.get('encounter/day', { day }),
      week: ({ desk }) => desk.door.get('calendar/load', { day, span: 'week', names: false }),
      'free times': ({ desk, clinicId, services }) =>
        desk.door.get('booking/slots', { clinicId, serviceId: services.free.id, from: addDays(day, 1), days: 14 }),
    }
    const rows: Row[] = []
    for (const [name, ask] of Object.entries(pages)) {
      const ms: [number[], number[]] = [[], []]
      for (let nth = -10; nth < ROUNDS; nth++)
        for (const at of [0, 1] as const) {
          const took = await timed(() => ask(worlds[at]!))
          if (nth >= 0) ms[at].push(took)
        }
      const [one, thousand] = ms
      const ratio = p95(thousand) / p95(one)
      rows.push({
        ...{ name: `tenants: ${name}`, ours: round(p95(thousand), 1), peer: round(p95(one), 1), ratio: round(ratio) },
        ...{ goal: `≤ ${GOAL} × the same at 1 clinic`, pass: ratio <= GOAL, n: ROUNDS },
        note: `ms until the answer was here, p95 (median ${round(median(thousand), 1)} beside ${round(median(one), 1)}), asked in turn: a clinic of ${APPOINTMENTS} appointments and ${PATIENTS} patients, among ${size!.clinics} clinics with ${size!.appointments} appointments (${round(size!.bytes / 1e9, 1)} GB) and alone.`,
      })
    }
    return rows
  } finally {
    for (const stack of stacks) await stack.down()
  }
}
