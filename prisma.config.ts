import { defineConfig } from 'prisma/config'

// `prisma generate` and, on a self-hosted database, `prisma migrate deploy`. The demo's own runner is prisma/migrate.ts.
export default defineConfig({
  schema: 'prisma/schema.prisma',
  migrations: { path: 'prisma/migrations' },
  datasource: { url: process.env.DATABASE_OWNER_URL ?? '' },
})
