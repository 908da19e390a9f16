'use client'
import { useTranslations } from 'next-intl'
import { useRouter } from 'next/navigation'
import { createContext, type ReactNode, useCallback, useContext, useEffect, useRef, useState } from 'react'
import { Account } from '@/components/shell/account'
import { SkeletonPage } from '@/components/ui/status'
import { ToastProvider } from '@/components/ui/toast'
import type { KeyMaterial } from '@/lib/access/rules'
import { call } from '@/lib/browser/api'
import { resume, type SessionCode, signOut } from '@/lib/browser/staff-session'
import { onStaffEvent } from '@/lib/browser/staff-events'
import { vault } from '@/lib/browser/vault'
import type { ChainView } from '@/lib/browser/vault-api'
import { LockScreen } from './lock-screen'
import { useIdle } from './use-idle'

export interface StaffSession {
  me: KeyMaterial
  chain: ChainView
  isClinical: boolean
  isAdmin: boolean
  lock(): Promise<void>
  leave(): Promise<void>
  /** Reads the chain again after it grew, here or in a colleague's browser. */
  reloadChain(): Promise<ChainView | null>
}

interface Held {
  material: KeyMaterial
  state: State
  setState: (state: State) => void
  lock(): Promise<void>
  leave(): Promise<void>
}
const Context = createContext<Held | null>(null)

function useHeld(): Held {
  const held = useContext(Context)
  if (!held) throw new Error('outside of StaffProvider')
  return held
}

/** Inside the gate there is always an unlocked vault and a verified chain. */
export function useStaff(): StaffSession {
  const { state, setState, lock, leave } = useHeld()
  if (state.is !== 'open') throw new Error('useStaff outside of StaffGate')
  const { me, chain } = state
  const reloadChain = async () => {
    const fresh = await call('access/me', {})
    if (!fresh.ok) return null
    const { clinicId, statements, epochGrants } = fresh.value
    const view = await vault().refresh({ chain: { clinicId, statements }, epochGrants })
    setState({ is: 'open', me: fresh.value, chain: view })
    return view
  }
  const [isClinical, isAdmin] = [me.roles.includes('practitioner'), me.roles.includes('admin')]
  return { me, chain, isClinical, isAdmin, lock, leave, reloadChain }
}

type State =
  { is: 'opening' } | { is: 'locked'; code?: SessionCode } | { is: 'open'; me: KeyMaterial; chain: ChainView }

/** Around the whole of the staff's pages, navigation included. */
export function StaffProvider({
  material,
  lockMinutes,
  children,
}: {
  material: KeyMaterial
  lockMinutes: number
  children: ReactNode
}) {
  const t = useTranslations('common')
  const [state, setState] = useState<State>({ is: 'opening' })
  const channel = useRef<BroadcastChannel | null>(null)

  useEffect(() => {
    let gone = false
    void resume(material, lockMinutes).then((opening) => {
      if (gone) return
      if (!opening) setState({ is: 'locked' })
      else if (opening.ok) setState({ is: 'open', me: opening.material, chain: opening.chain })
      else setState({ is: 'locked', code: opening.code })
    })
    return () => {
      gone = true
    }
    // A new session is another document: the keys of this one are asked for once.
  }, [material.sessionId])

  const lock = useCallback(async (tell = true) => {
    await vault().lock()
    if (tell) channel.current?.postMessage('lock')
    setState({ is: 'locked' })
  }, [])

  useEffect(() => {
    const line = new BroadcastChannel('curtain-staff')
    channel.current = line
    line.onmessage = ({ data }) => {
      if (data === 'lock') void lock(false)
      if (data === 'leave') location.assign('/sign-in')
    }
    return () => line.close()
  }, [lock])

  useIdle(lockMinutes, () => void lock(), state.is === 'open')

  // Ended elsewhere: what this tab holds goes at once, not at its next request.
  useEffect(
    () =>
      onStaffEvent('ended', () => {
        setState({ is: 'locked' })
        void vault()
          .lock()
          .finally(() => location.assign('/sign-in'))
      }),
    [],
  )

  const leave = async () => {
    await signOut()
    channel.current?.postMessage('leave')
    location.assign('/sign-in')
  }

  return (
    <Context value={{ material, state, setState, lock, leave }}>
      <ToastProvider closeLabel={t('close')}>{children}</ToastProvider>
    </Context>
  )
}

/** Nothing clinical is drawn before the vault is unlocked, and nothing stays once it locks. */
export function StaffGate({ children }: { children: ReactNode }) {
  const t = useTranslations('common')
  const router = useRouter()
  const { material, state, setState, leave } = useHeld()
  if (state.is === 'open') return children
  if (state.is === 'opening') return <SkeletonPage label={t('loading')} />
  return (
    <LockScreen
      name={material.displayName}
      code={state.code}
      onOpen={(me, chain) => {
        setState({ is: 'open', me, chain })
        router.refresh()
      }}
      onLeave={leave}
    />
  )
}

/** Who is signed in, for the shell. */
export function AccountMenu() {
  const t = useTranslations('staff')
  const { material, state, lock, leave } = useHeld()
  return (
    <Account
      name={material.displayName}
      role={material.roles.map((role) => t(`role.${role}`)).join(' · ')}
      accountLabel={t('account')}
      lockLabel={t('lock')}
      signOutLabel={t('signOut')}
      onLock={state.is === 'open' ? () => void lock() : undefined}
      onSignOut={() => void leave()}
    />
  )
}
