// Generates the database client from prisma/schema.prisma.
import { main } from './base.mjs'
import { generateClient } from './setup.mjs'

await main(generateClient)
