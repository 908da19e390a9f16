# One image, four programs: the app, the worker (`node worker.mjs`), the migrations (`node prisma/migrate.mjs`) and the
# rotation of KEKs (`node rotate-keys.mjs field`).
FROM node:24-bookworm-slim AS build
WORKDIR /src
COPY package.json package-lock.json ./
RUN npm ci --no-audit --no-fund
COPY . .
RUN node scripts/generate.mjs && node_modules/.bin/next build && node scripts/bundle-programs.mjs

FROM node:24-bookworm-slim
ENV NODE_ENV=production HOSTNAME=0.0.0.0 PORT=3000
WORKDIR /app
RUN groupadd --system --gid 10001 curtain && useradd --system --uid 10001 --gid curtain curtain \
  && install -d -o curtain -g curtain -m 700 /keys /keystore /store-kek
COPY --from=build /src/.next/standalone ./
COPY --from=build /src/.next/static ./.next/static
COPY --from=build /src/public ./public
COPY --from=build /src/.next-programs/worker.whole.mjs ./worker.mjs
COPY --from=build /src/.next-programs/rotate-keys.whole.mjs ./rotate-keys.mjs
COPY --from=build /src/.next-programs/migrate.whole.mjs ./prisma/migrate.mjs
COPY --from=build /src/prisma/migrations ./prisma/migrations
USER curtain
EXPOSE 3000
HEALTHCHECK --interval=10s --timeout=3s --start-period=20s \
  CMD ["node", "-e", "fetch('http://127.0.0.1:3000/api/health').then(r => process.exit(r.ok ? 0 : 1), () => process.exit(1))"]
CMD ["node", "server.js"]
