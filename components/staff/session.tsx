'use client'
import { useTranslations } from 'next-intl'
import { useRouter } from 'next/navigation'
import {
  createContext,
  type ReactNode,
  useCallback,
  useContext,
  useEffect,
  useEffectEvent,
  useRef,
  useState,
} from 'react'
import { Account } from '@/components/shell/account'
import { CloseSheet } from '@/components/shell/sheet'
import { SkeletonPage } from '@/components/ui/status'
import { ToastProvider } from '@/components/ui/toast'
import type { KeyMaterial } from '@/lib/access/rules'
import { call } from '@/lib/browser/api'
import { resume, signOut } from '@/lib/browser/staff-session'
import { onStaffEvent } from '@/lib/browser/staff-events'
import { onChainRefused, vault } from '@/lib/browser/vault'
import type { ChainView } from '@/lib/browser/vault-api'
import { VaultError } from '@/lib/browser/vault-error'
import { ChainNotice } from './chain-notice'
import { type ChainStop, stopOf } from './chain-stop'
import { LockScreen } from './lock-screen'
import { useIdle } from './use-idle'
import { useKeepFocus } from './use-keep-focus'

export interface StaffSession {
  me: KeyMaterial
  chain: ChainView
  isClinical: boolean
  isAdmin: boolean
  lock(): Promise<void>
  leave(): Promise<void>
  /**
   * Reads the chain again after it grew, here or in a colleague's browser. Null: it could not be read, or it does not add up, and
   * then a notice takes the place of every page.
   */
  reloadChain(): Promise<ChainView | null>
}

interface Held {
  material: KeyMaterial
  state: State
  setState: (state: State) => void
  /** By whoever showed who they are; the other tabs follow. */
  opened(me: KeyMaterial, chain: ChainView): void
  lock(): Promise<void>
  stop(how: ChainStop): Promise<void>
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
    try {
      const view = await vault().refresh({ chain: { clinicId, statements }, epochGrants })
      setState({ is: 'open', me: fresh.value, chain: view })
      return view
    } catch (error) {
      if (!(error instanceof VaultError)) throw error
      return null
    }
  }
  const [isClinical, isAdmin] = [me.roles.includes('practitioner'), me.roles.includes('admin')]
  return { me, chain, isClinical, isAdmin, lock, leave, reloadChain }
}

type State =
  | { is: 'opening' }
  | { is: 'locked' }
  | { is: 'stopped'; stop: ChainStop }
  | { is: 'open'; me: KeyMaterial; chain: ChainView }

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

  // Other tabs of this browser lock too, and say the same when they are unlocked.
  const stop = async (how: ChainStop) => {
    await vault().lock()
    channel.current?.postMessage('lock')
    setState({ is: 'stopped', stop: how })
  }

  useEffect(() => {
    let gone = false
    void resume(material, lockMinutes).then((opening) => {
      if (gone) return
      if (!opening) setState({ is: 'locked' })
      else if (opening.ok) setState({ is: 'open', me: opening.material, chain: opening.chain })
      else {
        const how = stopOf(opening.code)
        if (how) void stop(how)
        else setState({ is: 'locked' })
      }
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

  // As loading the page again would: the session's keys are in this browser once more.
  const follow = useEffectEvent(async () => {
    if (state.is !== 'locked') return
    const opening = await resume(material, lockMinutes)
    if (opening?.ok) setState({ is: 'open', me: opening.material, chain: opening.chain })
  })
  useEffect(() => {
    const line = new BroadcastChannel('curtain-staff')
    channel.current = line
    line.onmessage = ({ data }) => {
      if (data === 'lock') void lock(false)
      if (data === 'open') void follow()
      if (data === 'leave') location.assign('/sign-in')
    }
    return () => line.close()
  }, [lock])

  // Whatever page came upon it: a list of members that does not add up ends them all.
  useEffect(
    () =>
      onChainRefused((code) => {
        const how = stopOf(code)
        if (how)
          void vault()
            .refusedChain()
            .then((refused) => refused && stop(how))
      }),
    [],
  )

  useIdle(lockMinutes, () => void lock(), state.is === 'open')

  // Ended elsewhere: what this tab holds goes at once, not at its next request.
  useEffect(
    () =>
      onStaffEvent('ended', () => {
        setState({ is: 'locked' })
        void vault()
          .lock()
          .finally(() => location.assign('/sign-in?ended'))
      }),
    [],
  )

  const opened = (me: KeyMaterial, chain: ChainView) => {
    setState({ is: 'open', me, chain })
    channel.current?.postMessage('open')
  }
  const leave = async () => {
    await signOut()
    channel.current?.postMessage('leave')
    location.assign('/sign-in')
  }

  return (
    <Context value={{ material, state, setState, opened, lock, stop, leave }}>
      <ToastProvider closeLabel={t('close')}>{children}</ToastProvider>
    </Context>
  )
}

/** Nothing clinical is drawn before the vault is unlocked, and nothing stays once it locks. */
export function StaffGate({ children }: { children: ReactNode }) {
  const t = useTranslations('common')
  const router = useRouter()
  const { material, state, opened, stop, leave } = useHeld()
  useKeepFocus()
  if (state.is === 'open') return children
  if (state.is === 'stopped') return <ChainNotice stop={state.stop} onLeave={() => void leave()} />
  if (state.is === 'opening') return <SkeletonPage label={t('loading')} />
  return (
    <LockScreen
      name={material.displayName}
      address={material.email}
      onStop={(how) => void stop(how)}
      onOpen={(me, chain) => {
        opened(me, chain)
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
  const closeSheet = useContext(CloseSheet)
  const before = useRef(state.is)
  // Locked by whatever way: the lock screen lies under no open sheet, where a second touch would sign out.
  useEffect(() => {
    if (before.current === 'open' && state.is !== 'open') closeSheet()
    before.current = state.is
  }, [state.is, closeSheet])
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
