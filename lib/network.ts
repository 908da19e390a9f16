import { isIPv4, isIPv6 } from 'node:net'

/** Whom limits count: an IPv4 address, or the /64 of an IPv6 one, since whoever has one of its addresses has them all. */
export function networkOf(hop: string): string {
  const bare = /^\[(.*)\](?::\d+)?$/.exec(hop)?.[1] ?? /^([\d.]+):\d+$/.exec(hop)?.[1] ?? hop
  if (isIPv4(bare)) return bare
  const [address] = bare.split('%')
  if (!isIPv6(address!)) return 'unknown'
  // The URL parser writes it in its one short spelling, in hexadecimal throughout.
  const [head = '', tail] = new URL(`http://[${address}]`).hostname.slice(1, -1).split('::')
  const left = head ? head.split(':') : []
  const right = tail ? tail.split(':') : []
  const groups = [...left, ...Array.from({ length: 8 - left.length - right.length }, () => '0'), ...right]
  const mapped = groups.slice(0, 6).join(':') === '0:0:0:0:0:ffff'
  if (mapped)
    return groups
      .slice(6)
      .flatMap((group) => [parseInt(group, 16) >> 8, parseInt(group, 16) & 255])
      .join('.')
  return `${groups.slice(0, 4).join(':')}::/64`
}

/** What is given out as one: to a house or a firm, and to a provider. Of something that is no address, itself. */
export function rangesOf(network: string): { near: string; wide: string } {
  const of = (parts: readonly string[], [near, wide]: [number, number], join: string) => ({
    near: parts.slice(0, near).join(join),
    wide: parts.slice(0, wide).join(join),
  })
  if (isIPv4(network)) return of(network.split('.'), [3, 2], '.')
  return network.endsWith('::/64') ? of(network.split(':'), [3, 2], ':') : { near: network, wide: network }
}
