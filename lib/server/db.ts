import 'server-only'
import { PrismaPg } from '@prisma/adapter-pg'
import { PrismaClient } from '@/prisma/generated/client'
import { env } from './env.ts'

// Kept on globalThis: a hot reload must not open a second pool.
const kept = globalThis as { curtainDb?: PrismaClient }

/** The database client, as the role curtain_app. Tenant tables show no row outside `inClinic`. */
export function db(): PrismaClient {
  return (kept.curtainDb ??= new PrismaClient({
    adapter: new PrismaPg({
      connectionString: env().DATABASE_URL,
      max: env().DATABASE_POOL,
      connectionTimeoutMillis: 10_000,
      // Whoever comes after a quiet minute does not wait for each connection to be made anew.
      idleTimeoutMillis: 600_000,
      // What lies between may drop a connection that is silent.
      keepAlive: true,
      keepAliveInitialDelayMillis: 60_000,
    }),
    // Its messages carry values; what went wrong is logged by code where it is caught.
    log: [],
  }))
}

export async function closeDb() {
  await kept.curtainDb?.$disconnect()
  delete kept.curtainDb
}
