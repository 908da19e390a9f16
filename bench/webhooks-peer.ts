// The bare handler of the row "webhooks": verifies an event, writes down its id, answers. It does nothing with it.
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import pg from 'pg'
import Stripe from 'stripe'

const { DATABASE_URL, WEBHOOK_SECRET } = process.env
const pool = new pg.Pool({ connectionString: DATABASE_URL, max: 10 })
const stripe = new Stripe('sk_test_bench')

await pool.query('CREATE TABLE bench_event (id text PRIMARY KEY, body jsonb NOT NULL)')
const server = createServer((incoming, answer) => {
  const chunks: Buffer[] = []
  incoming.on('data', (chunk: Buffer) => chunks.push(chunk))
  incoming.on('end', () => {
    const body = Buffer.concat(chunks).toString()
    const take = async () => {
      const event = stripe.webhooks.constructEvent(body, incoming.headers['stripe-signature'] ?? '', WEBHOOK_SECRET!)
      await pool.query('INSERT INTO bench_event VALUES ($1, $2) ON CONFLICT DO NOTHING', [event.id, body])
    }
    take().then(
      () => answer.writeHead(200).end('{}'),
      () => answer.writeHead(400).end(),
    )
  })
})
server.listen(0, '127.0.0.1', () => process.send?.((server.address() as AddressInfo).port))
