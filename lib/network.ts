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
