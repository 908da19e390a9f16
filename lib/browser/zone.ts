/** Where this device says it is. */
export const ownZone = () => Intl.DateTimeFormat().resolvedOptions().timeZone || 'UTC'
