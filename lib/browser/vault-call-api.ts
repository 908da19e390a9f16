/** The vault's part in a call: the handshake of design §7 runs where the keys are. The call's owner extends this. */
// eslint-disable-next-line @typescript-eslint/no-empty-object-type
export interface CallVault {}
