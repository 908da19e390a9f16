// Stripe's part in development, the demo and the tests: see scripts/stripe/emulator.ts.
import { startStripe } from './stripe/emulator.ts'

const { PORT, DATA_DIR, WEBHOOK_URL = '', STRIPE_SECRET_KEY, STRIPE_WEBHOOK_SECRET } = process.env
const emulator = await startStripe({
  port: Number(PORT),
  dir: DATA_DIR,
  webhookUrl: WEBHOOK_URL,
  secretKey: STRIPE_SECRET_KEY,
  webhookSecret: STRIPE_WEBHOOK_SECRET,
})
console.log(`Stripe emulator on ${emulator.url}`)
for (const signal of ['SIGTERM', 'SIGINT']) process.once(signal, () => emulator.close().finally(() => process.exit(0)))
