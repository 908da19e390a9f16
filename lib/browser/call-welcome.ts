import type { DoorDevice } from '../call/rules.ts'

const keyOf = (device: DoorDevice) => device.knock.keys.sign

/** Which device comes back without another click: the one that was let in last, until it is turned away, and no other. */
export class Welcome {
  private key: string | null = null

  letIn(device: DoorDevice): void {
    this.key = keyOf(device)
  }

  turnAway(device: DoorDevice): void {
    if (this.key === keyOf(device)) this.key = null
  }

  /** The device to let in now. Nobody, while somebody is in. */
  back(devices: readonly DoorDevice[]): DoorDevice | null {
    if (devices.some(({ state }) => state === 'admitted' || state === 'joined')) return null
    return devices.find((device) => device.state === 'waiting' && device.here && keyOf(device) === this.key) ?? null
  }
}
