import 'server-only'
import { RoomServiceClient } from 'livekit-server-sdk'
import { env, type SfuNode } from './env.ts'

const clients = new Map<string, RoomServiceClient>()

const sfuNodes = (): SfuNode[] => env().LIVEKIT_NODES

/** The node's API. Throws for an id that is not configured. */
export function roomService(nodeId: string): RoomServiceClient {
  const known = clients.get(nodeId)
  if (known) return known
  const client = new RoomServiceClient(nodeOf(nodeId).api, nodeOf(nodeId).key, nodeOf(nodeId).secret)
  clients.set(nodeId, client)
  return client
}

export function nodeOf(nodeId: string): SfuNode {
  const node = sfuNodes().find((each) => each.id === nodeId)
  if (!node) throw new Error('livekit: no such node')
  return node
}

/** Whether the node answers within `timeout` ms. */
async function nodeAnswers(node: SfuNode, timeout = 800): Promise<boolean> {
  try {
    const answer = await fetch(node.api, { signal: AbortSignal.timeout(timeout), cache: 'no-store' })
    await answer.body?.cancel()
    return answer.ok
  } catch {
    return false
  }
}

/** The first node that answers, those in `not` last; null when all are down. */
export async function liveNode(not: readonly string[] = []): Promise<SfuNode | null> {
  const nodes = [...sfuNodes()].sort((a, b) => Number(not.includes(a.id)) - Number(not.includes(b.id)))
  const answers = await Promise.all(nodes.map((node) => nodeAnswers(node)))
  return nodes.find((_, index) => answers[index]) ?? null
}
