/** Joins class names; falsy ones drop out. */
export const cx = (...names: (string | number | bigint | false | null | undefined)[]) => names.filter(Boolean).join(' ')
