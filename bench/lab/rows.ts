export interface Row {
  name: string
  ours: number
  peer: number
  ratio: number
  goal: string
  pass: boolean
  n: number
  note: string
}
export const median = (values: number[]): number => quantile(values, 0.5)
export const p95 = (values: number[]): number => quantile(values, 0.95)
export const p99 = (values: number[]): number => quantile(values, 0.99)
export const round = (value: number, digits = 2): number => Number(value.toFixed(digits))

function quantile(values: number[], q: number): number {
  const sorted = [...values].sort((a, b) => a - b)
  const at = (sorted.length - 1) * q
  const low = sorted[Math.floor(at)] ?? NaN
  return low + ((sorted[Math.ceil(at)] ?? NaN) - low) * (at - Math.floor(at))
}
