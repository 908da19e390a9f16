export function bundle(entry: string, options?: { whole?: boolean }): Promise<string>
