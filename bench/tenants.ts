/**
 * Row "tenants": the dashboard of a clinic with 5,000 appointments, in a database of its own and in one with 999 others as large.
 * Two whole stacks stand side by side and are asked in turn, by the doors that the pages ask.
 */
import { type TestStack, up } from '../e2e/stack.ts'
import { clinicWorld, type ClinicWorld } from '../e2e/world.ts'
import { clinicZone } from '../e2e/zones.ts'
import { startOfDay } from '../lib/schedule/wall-clock.ts'
import { addDays, dayIn } from '../lib/time.ts'
import { median, p95, type Row, round } from './lab/rows.ts'

const OTHERS = 999
const APPOINTMENTS = 5_000
const PRACTITIONERS = 5
const PATIENTS = 500
const NAMED = 20
const A_DAY = 16
const ROUNDS = 150
const GOAL = 1.2

/** Patients that were booked as any are; their appointments, and copies of both until the clinic is as large as it shall be. */
async function clinicOf(stack: TestStack): Promise<ClinicWorld> {
  const world = await clinicWorld(stack)
  for (let nth = 0; nth < NAMED; nth++) await world.book({ fields: { name: `Patient Number ${nth}` } })
  const { clinicId, doctor } = world
  await stack.sql(
    `INSERT INTO member SELECT (jsonb_populate_record(NULL::member, to_jsonb(m) || jsonb_build_object('id', gen_random_uuid(), 'sign_key', null, 'dh_key', null,
       'email_index', '\\x' || md5(n::text)))).* FROM member m, generate_series(2, $2) n WHERE m.id = $1`,
    [doctor.memberId, PRACTITIONERS],
  )
  // Out of the way of the times below.
  await stack.sql(`UPDATE appointment SET status = 'cancelled' WHERE clinic_id = $1`, [clinicId])
  await stack.sql(
    `INSERT INTO patient SELECT (jsonb_populate_record(NULL::patient, to_jsonb(p) || jsonb_build_object('id', gen_random_uuid()))).*
     FROM (SELECT * FROM patient WHERE clinic_id = $1 LIMIT 1) p, generate_series(1, $2)`,
    [clinicId, PATIENTS - NAMED],
  )
  const first = startOfDay(
    addDays(dayIn(clinicZone, new Date()), -Math.floor(APPOINTMENTS / PRACTITIONERS / A_DAY / 2)),
    clinicZone,
  )
  // Today's are of those whose names are sealed as any: what a page shows weighs the same in both.
  await stack.sql(
    `WITH model AS (SELECT * FROM appointment WHERE clinic_id = $1 LIMIT 1),
       named AS (SELECT array_agg(DISTINCT patient_id) AS ids FROM appointment WHERE clinic_id = $1),
       whole AS (SELECT array_agg(id ORDER BY id) AS ids FROM patient WHERE clinic_id = $1),
       doctors AS (SELECT array_agg(id) AS ids FROM member WHERE clinic_id = $1 AND 'practitioner' = ANY(roles)),
       laid AS (SELECT n, n / $3 / $2 AS day, $4::timestamptz + (n / $3 / $2) * interval '1 day'
         + (480 + (n / $3 % $2) * 30) * interval '1 minute' AS at FROM generate_series(0, $5 - 1) n)
     INSERT INTO appointment SELECT (jsonb_populate_record(NULL::appointment, to_jsonb(model) || jsonb_build_object('id', gen_random_uuid(), 'status', 'booked',
       'member_id', doctors.ids[1 + n % $3], 'starts_at', at, 'ends_at', at + interval '20 minutes', 'blocked_from', at,
       'blocked_until', at + interval '25 minutes', 'link_hash', null, 'link_sealed', null, 'hold_hash', null, 'idempotency_key', null,
       'patient_id', CASE WHEN at::date = current_date THEN named.ids[1 + n % $6] ELSE whole.ids[1 + n % array_length(whole.ids, 1)] END))).*
     FROM model, named, whole, doctors, laid`,
    [clinicId, A_DAY, PRACTITIONERS, first, APPOINTMENTS, NAMED],
  )
  return world
}

/** Clinics like that one, rows and all but keys: by copying its rows under new names. */
async function others(stack: TestStack, { clinicId }: ClinicWorld) {
  const constraint = await stack.sql<{ definition: string }>(
    `SELECT pg_get_constraintdef(oid) AS definition FROM pg_constraint WHERE conname = 'appointment_slot'`,
  )
  // Built once at the end instead of five million times.
  await stack.sql('ALTER TABLE appointment DROP CONSTRAINT appointment_slot')
  await stack.sql(
    `CREATE TABLE bench_clinic AS SELECT gen_random_uuid() AS clinic, n FROM generate_series(1, ${OTHERS}) n`,
  )
  await stack.sql(
    `INSERT INTO clinic SELECT (jsonb_populate_record(NULL::clinic, to_jsonb(c) || jsonb_build_object('id', b.clinic, 'slug', 'other-' || n))).*
     FROM clinic c, bench_clinic b WHERE c.id = $1`,
    [clinicId],
  )
  // An id of the copied clinic in another one: the same for whoever names it, by a digest of both.
  const named = (column: string) => `md5(b.clinic::text || r.${column}::text)::uuid`
  const copy = async (table: string, over: Record<string, string>, from = 1, until = OTHERS) =>
    stack.sql(
      `INSERT INTO ${table} SELECT (jsonb_populate_record(NULL::${table}, to_jsonb(r) || jsonb_build_object('clinic_id', b.clinic, ${Object.entries(
        over,
      )
        .map(([column, value]) => `'${column}', ${value}`)
        .join(', ')}))).* FROM ${table} r, bench_clinic b WHERE r.clinic_id = $1 AND b.n BETWEEN $2 AND $3`,
      [clinicId, from, until],
    )
  await copy('member', {
    id: named('id'),
    sign_key: 'null',
    dh_key: 'null',
    email_index: `'\\x' || md5(b.clinic::text || r.id::text)`,
  })
  await copy('consent_text', { id: named('id') })
  await copy('service', { id: named('id'), consent_text_id: named('consent_text_id') })
  await copy('patient', { id: named('id') })
  const record = { id: named('id'), patient_id: named('patient_id'), record_id: named('record_id') }
  await copy('record', record)
  await copy('record_grant', record)
  for (let from = 1; from <= OTHERS; from += 100) {
    const ids = {
      id: named('id'),
      member_id: named('member_id'),
      service_id: named('service_id'),
      patient_id: named('patient_id'),
    }
    await copy('appointment', ids, from, from + 99)
    console.log(`  ${Math.min(OTHERS, from + 99)} of ${OTHERS} clinics`)
  }
  await stack.sql(`ALTER TABLE appointment ADD CONSTRAINT appointment_slot ${constraint[0]!.definition}`)
}

const timed = async (what: () => Promise<unknown>) => {
  const begun = performance.now()
  await what()
  return performance.now() - begun
}

export default async function tenants(): Promise<Row[]> {
  const env = { RATE_LIMIT_FACTOR: '100000' }
  const [alone, crowd] = [await up({ env }), await up({ env })]
  try {
    const worlds = [await clinicOf(alone), await clinicOf(crowd)] as const
    await others(crowd, worlds[1])
    for (const stack of [alone, crowd]) await stack.sql('VACUUM ANALYZE')
    const [size] = await crowd.sql<{ clinics: number; appointments: number; bytes: number }>(
      `SELECT (SELECT count(*)::int FROM clinic) AS clinics, (SELECT count(*)::int FROM appointment WHERE status = 'booked') AS appointments,
         pg_database_size(current_database())::float8 AS bytes`,
    )
    const day = dayIn(clinicZone, new Date())
    const from = addDays(day, 1)
    const pages: Record<string, (world: ClinicWorld) => Promise<unknown>> = {
      day: ({ desk }) => desk.door.get('encounter/day', { day }),
      week: ({ desk }) => desk.door.get('calendar/load', { day, span: 'week', names: false }),
      'free times': ({ desk, clinicId, services }) =>
        desk.door.get('booking/slots', { clinicId, serviceId: services.free.id, from, days: 14 }),
    }
    const rows: Row[] = []
    for (const [name, ask] of Object.entries(pages)) {
      const ms: [number[], number[]] = [[], []]
      for (let nth = -10; nth < ROUNDS; nth++)
        for (const at of [0, 1] as const) {
          const took = await timed(() => ask(worlds[at]))
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
    await crowd.down()
    await alone.down()
  }
}
