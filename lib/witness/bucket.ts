import { GetObjectCommand, ListObjectsV2Command, PutObjectCommand, S3Client } from '@aws-sdk/client-s3'
import type { Signed, WitnessLog } from './log.ts'

export interface Bucket {
  bucket: string
  prefix: string
  /** Another S3 than Amazon's. */
  endpoint?: string
  region: string
  /** For how many days nobody, its owner included, takes an object away. The bucket must have object lock. */
  lockDays: number
}

/** A bucket with an object for each head: `If-None-Match: *` refuses a second one, object lock keeps the first. */
export function bucketLog({ bucket, prefix, endpoint, region, lockDays }: Bucket, now = () => new Date()): WitnessLog {
  const s3 = new S3Client({ region, ...(endpoint ? { endpoint, forcePathStyle: true } : {}) })
  const nameOf = ({ clinicId, kind, length }: Signed) =>
    `${prefix}${clinicId}/${kind}/${String(length).padStart(12, '0')}.json`
  return {
    async append(signed) {
      const until = new Date(now().getTime() + lockDays * 86_400_000)
      await s3.send(
        new PutObjectCommand({
          Bucket: bucket,
          Key: nameOf(signed),
          Body: JSON.stringify(signed),
          ContentType: 'application/json',
          IfNoneMatch: '*',
          ObjectLockMode: 'COMPLIANCE',
          ObjectLockRetainUntilDate: until,
          // A bucket with object lock takes no object without one.
          ChecksumAlgorithm: 'SHA256',
        }),
      )
    },
    async all() {
      const found: Signed[] = []
      let token: string | undefined
      do {
        const page = await s3.send(
          new ListObjectsV2Command({ Bucket: bucket, Prefix: prefix, ContinuationToken: token }),
        )
        for (const { Key } of page.Contents ?? []) {
          const object = await s3.send(new GetObjectCommand({ Bucket: bucket, Key }))
          found.push(JSON.parse(await object.Body!.transformToString()) as Signed)
        }
        token = page.NextContinuationToken
      } while (token)
      return found
    },
  }
}
