import 'server-only'
import { emailContext } from '../access/flow.ts'
import { findClinic } from '../clinic/store.ts'
import { translator } from '../messages/translator.ts'
import { env } from '../server/env.ts'
import type { JobHandler } from '../server/jobs.ts'
import { openField } from '../server/kms.ts'
import { sendMail } from '../server/mail.ts'
import { inClinic } from '../server/tx.ts'
import { sealLink } from './link.ts'
import * as store from './store.ts'

const localeOf = (text: string) => (text === 'fr' ? 'fr' : 'en')

/** The link is made here and nowhere else: no job and no row holds it. */
const mailLink: JobHandler = async (data, jobId) => {
  const [clinicId, memberId] = [String(data.clinicId), String(data.memberId)]
  const found = await inClinic(clinicId, async (tx) => ({
    clinic: await findClinic(tx, clinicId),
    to: (await store.listMailed(tx, clinicId, memberId, false))[0],
  }))
  const { clinic, to } = found
  if (!clinic || !to) return
  const t = translator(localeOf(String(data.locale)), 'rekey')
  const token = await sealLink({ clinicId, memberId }, new Date())
  await sendMail({
    to: await openField(to.emailSealed, emailContext(clinicId, memberId)),
    subject: t('mail.linkSubject', { clinic: clinic.name }),
    text: [t('mail.linkLead'), `${env().APP_ORIGIN}/sign-in/lost#t=${token}`, t('mail.linkNotYou'), clinic.name].join(
      '\n\n',
    ),
    messageId: `rekey-link-${jobId}`,
  })
}

/** The member and every officer: that somebody asks, how to object, and how it ended. */
const mailNews: JobHandler = async (data) => {
  const [clinicId, requestId] = [String(data.clinicId), String(data.requestId)]
  const what = data.what === 'done' ? 'done' : data.what === 'objected' ? 'objected' : 'asked'
  const found = await inClinic(clinicId, async (tx) => {
    const request = await store.findRequest(tx, clinicId, requestId)
    const clinic = await findClinic(tx, clinicId)
    return request && clinic && { request, clinic, all: await store.listMailed(tx, clinicId, request.memberId, true) }
  })
  if (!found) return
  const { clinic, request, all } = found
  const name = all.find(({ id }) => id === request.memberId)?.displayName ?? ''
  const t = translator(localeOf(clinic.locale), 'rekey')
  for (const { id, emailSealed } of all) {
    const own = id === request.memberId
    await sendMail({
      to: await openField(emailSealed, emailContext(clinicId, id)),
      subject: t(`mail.${what}Subject`, { clinic: clinic.name }),
      text: [
        own ? t(`mail.${what}Own`) : t(`mail.${what}Officer`, { name }),
        `${env().APP_ORIGIN}/${own ? 'account' : 'admin/staff'}`,
        clinic.name,
      ].join('\n\n'),
      messageId: `rekey-${what}-${requestId}-${id}`,
    })
  }
}

export const rekeyJobs = { handlers: { 'mail.rekey-link': mailLink, 'mail.rekey': mailNews } }
