'use client'
import { useTranslations } from 'next-intl'
import { useEffect, useRef } from 'react'
import { useToast } from '@/components/ui/toast'
import { call } from '@/lib/browser/api'
import { extendChain, isIn } from '@/lib/browser/staff-chain'
import { vault } from '@/lib/browser/vault'
import type { Group } from '@/lib/crypto/types'
import { useStaff } from './session'

/**
 * Somebody left a group whose remover is not in it: the first of its members who comes by makes its new key. Until then what is
 * written goes to each of them by their own.
 */
export function RenewKeys() {
  const t = useTranslations('members')
  const toast = useToast()
  const { me, chain, reloadChain } = useStaff()
  const tried = useRef(0)
  const mine = chain.waiting.filter((group) =>
    [group, group.split(':')[0] as Group].some((each) => isIn(chain, me.memberId, each)),
  )
  useEffect(() => {
    // Once for each chain: a colleague may be doing the same, and then this browser sees theirs.
    if (!mine.length || tried.current === chain.length) return
    tried.current = chain.length
    const { clinicId } = me
    void (async () => {
      const code = await extendChain(
        clinicId,
        (fresh) => vault().renewEpochs({ clinicId, chain: fresh }),
        async (extended) =>
          extended.statements.length ? call('access/renew-epochs', extended) : { ok: true, value: { done: true } },
        reloadChain,
      )
      if (!code) toast(t('renewed'), 'success')
    })()
    // The chain's length says all that changes what waits.
  }, [chain.length])
  return null
}
