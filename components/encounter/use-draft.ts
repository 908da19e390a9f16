'use client'
import { useCallback, useEffect, useRef, useState } from 'react'
import { call } from '@/lib/browser/api'
import { sendSealed } from '@/lib/browser/send-sealed'
import { vault } from '@/lib/browser/vault'
import { type DraftContent, emptyDraft, type EncounterView } from '@/lib/encounter/rules'
import { type Chart, type Entry, readChart } from './use-chart'

export type DraftState = 'loading' | 'saved' | 'typing' | 'saving' | 'offline' | 'conflict'

interface Base {
  recordId: string
  revision: number
  hash: string | null
  text: string
  /** Whose chart it was begun in. */
  patientId: string
  /** Whose visit: it decides who at the clinic reads along. */
  practitioner: string
  site: string | null
}

const pauseMs = 1200
const same = (a: DraftContent, text: string) => JSON.stringify(a) === text

/** One draft for each encounter and member: two tabs write revisions of one record, and the second to write is told. */
async function draftId(appointmentId: string, memberId: string): Promise<string> {
  const bytes = new Uint8Array(
    await crypto.subtle.digest('SHA-256', new TextEncoder().encode(`draft|${appointmentId}|${memberId}`)),
  ).subarray(0, 16)
  bytes[6] = (bytes[6]! & 15) | 128
  bytes[8] = (bytes[8]! & 63) | 128
  const hex = Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('')
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5')
}

/**
 * What is typed in an encounter, sealed and kept: on this device at once, at the clinic a moment later. Hanging up, a reload
 * or a lost connection change nothing of it.
 */
export function useDraft(view: EncounterView, chart: Chart | null) {
  const [draft, setDraft] = useState<DraftContent>(emptyDraft)
  const [state, setState] = useState<DraftState>('loading')
  const [theirs, setTheirs] = useState<DraftContent | null>(null)
  const base = useRef<Base | null>(null)
  const latest = useRef(draft)
  const writing = useRef(false)
  const { appointmentId } = view.appointment
  const scratch = `encounter.${appointmentId}`

  useEffect(() => {
    if (!chart || base.current) return
    void (async () => {
      const recordId = await draftId(appointmentId, view.me.memberId)
      const entry = chart.drafts.find((each) => each.recordId === recordId) as Entry<DraftContent> | undefined
      const stored = entry?.content ? { ...emptyDraft, ...entry.content } : emptyDraft
      const local = await vault()
        .loadDraft<{ content: DraftContent; revision: number }>(scratch)
        .catch(() => null)
      base.current = {
        recordId,
        revision: entry?.revision ?? 0,
        hash: entry?.hash ?? null,
        text: JSON.stringify(stored),
        patientId: chart.patientId,
        practitioner: chart.practitioner,
        site: chart.site,
      }
      // Typed here and never sent: goes on from there, unless another tab has written since.
      const begin = local && local.revision === base.current.revision ? local.content : stored
      latest.current = begin
      setDraft(begin)
      setState(same(begin, base.current.text) ? 'saved' : 'typing')
    })()
  }, [chart, appointmentId, view.me.memberId, scratch])

  const save = useCallback(
    async (force = false): Promise<boolean> => {
      const at = base.current
      if (!at || writing.current) return false
      const content = latest.current
      if (same(content, at.text) && !force) return true
      writing.current = true
      setState('saving')
      try {
        const seal = () =>
          vault().seal({
            clinicId: view.clinic.id,
            patientId: at.patientId,
            recordId: at.recordId,
            revision: at.revision + 1,
            previous: at.hash ?? undefined,
            type: 'draft',
            schema: 1,
            content,
            ...{ practitioner: at.practitioner, site: at.site },
          })
        let sealed = null as Awaited<ReturnType<typeof seal>> | null
        const answer = await sendSealed(
          view.clinic.id,
          async () => (sealed = await seal()),
          (record) => call('encounter/save-record', { appointmentId, record }),
        )
        if (!answer.ok) {
          if (answer.code === 'STALE') await meet(content)
          else setState('offline')
          return false
        }
        const [opened] = await vault().open([sealed!], { patientId: at.patientId })
        base.current = {
          ...at,
          revision: at.revision + 1,
          hash: opened?.ok ? opened.value.hash : null,
          text: JSON.stringify(content),
        }
        await vault().saveDraft(scratch, '')
        setState(same(latest.current, base.current.text) ? 'saved' : 'typing')
        return true
      } catch {
        setState('offline')
        return false
      } finally {
        writing.current = false
      }
    },
    // `meet` only reads refs and setters.
    [appointmentId, scratch, view.clinic.id],
  )

  /** Another tab wrote first. The same words are no conflict; others are shown beside, and the person decides. */
  async function meet(mine: DraftContent) {
    const fresh = await call('encounter/open', { appointmentId })
    if (!fresh.ok) return setState('offline')
    const entry = (await readChart(fresh.value, appointmentId)).drafts.find(
      (each) => each.recordId === base.current!.recordId,
    )
    const other = { ...emptyDraft, ...(entry?.content as DraftContent | null) }
    const text = JSON.stringify(other)
    base.current = { ...base.current!, revision: entry?.revision ?? 0, hash: entry?.hash ?? null, text }
    if (same(mine, text)) return setState('saved')
    setTheirs(other)
    setState('conflict')
  }

  const change = useCallback(
    (part: Partial<DraftContent>) => {
      const next = { ...latest.current, ...part }
      latest.current = next
      setDraft(next)
      setState((before) => (before === 'conflict' || before === 'loading' ? before : 'typing'))
      void vault()
        .saveDraft(scratch, { content: next, revision: base.current?.revision ?? 0 })
        .catch(() => undefined)
    },
    [scratch],
  )

  useEffect(() => {
    if (state !== 'typing' && state !== 'offline') return
    const timer = setTimeout(() => void save(), state === 'offline' ? 5000 : pauseMs)
    return () => clearTimeout(timer)
  }, [state, draft, save])

  const settle = (keep: 'mine' | 'theirs') => {
    if (keep === 'theirs' && theirs) {
      latest.current = theirs
      setDraft(theirs)
      setState('saved')
      void vault().saveDraft(scratch, '')
    } else setState('typing')
    setTheirs(null)
  }

  return { draft, change, state, theirs, settle, save }
}
