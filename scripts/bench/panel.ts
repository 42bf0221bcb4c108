export async function measurePanel(): Promise<Record<string, string>> {
  return {};
}
