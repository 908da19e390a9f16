import 'server-only'
import { randomBytes } from 'node:crypto'
import { AccessToken, TrackSource } from 'livekit-server-sdk'
import { liveNode, nodeOf, roomService } from '@/lib/server/livekit'
import { log } from '@/lib/server/log'
import { INVITED, TOKEN_SECONDS } from './rules.ts'

/** 128 random bits in hex: a room or a participant, unrelated to any id of ours. */
export const randomName = (): string => randomBytes(16).toString('hex')

/** A node that answers: the call's own while it does. Null when none does. */
export const pickNode = async (current: string | null): Promise<string | null> => {
  const node = await liveNode()
  if (!node) return null
  // Kept while it is configured: both sides must come to the same node.
  return current && isConfigured(current) ? current : node.id
}

function isConfigured(id: string): boolean {
  try {
    return Boolean(nodeOf(id))
  } catch {
    return false
  }
}

/** Makes the room where it is missing; one that exists stays as it is. */
export async function ensureRoom(nodeId: string, room: string): Promise<boolean> {
  try {
    await roomService(nodeId).createRoom({
      name: room,
      maxParticipants: INVITED,
      emptyTimeout: 300,
      departureTimeout: 120,
    })
    return true
  } catch (error) {
    log.error({ code: 'SFU_ROOM', node: nodeId, err: error })
    return false
  }
}

/**
 * Entry to one room for one random identity: camera and microphone, both ways, for a minute. No name, no metadata, no
 * role, no data packets, nothing that records.
 */
export async function makeToken(
  nodeId: string,
  room: string,
  identity: string,
): Promise<{ url: string; token: string }> {
  const { url, key, secret } = nodeOf(nodeId)
  const access = new AccessToken(key, secret, { identity, ttl: TOKEN_SECONDS })
  access.addGrant({
    room,
    roomJoin: true,
    canPublish: true,
    canSubscribe: true,
    canPublishData: false,
    canUpdateOwnMetadata: false,
    canPublishSources: [TrackSource.CAMERA, TrackSource.MICROPHONE],
  })
  return { url, token: await access.toJwt() }
}

/** Identities in the room, whoever they are. */
export async function listInside(nodeId: string, room: string): Promise<string[]> {
  try {
    return (await roomService(nodeId).listParticipants(room)).map(({ identity }) => identity)
  } catch (error) {
    log.error({ code: 'SFU_LIST', node: nodeId, err: error })
    return []
  }
}

/** Puts participants out. Removal is not revocation: what they could still hear is closed by the next epoch's keys. */
export async function removeFromRoom(nodeId: string | null, room: string | null, identities: string[]): Promise<void> {
  if (!nodeId || !room) return
  for (const identity of identities) {
    await roomService(nodeId)
      .removeParticipant(room, identity)
      .catch(() => undefined)
  }
}

/** Deletes the room. One that is gone already is fine. */
export async function deleteRoom(nodeId: string | null, room: string | null): Promise<void> {
  if (!nodeId || !room) return
  await roomService(nodeId)
    .deleteRoom(room)
    .catch((error: { code?: string }) => {
      if (error.code !== 'not_found') log.error({ code: 'SFU_DELETE', node: nodeId, err: error })
    })
}
