import { storage } from './uxp.ts';

/** Which addresses the manifest lets the panel talk to; `all` in the variant for hosts that need it. */
export async function readPermittedOrigins(): Promise<readonly string[] | 'all'> {
  const folder = await storage.localFileSystem.getPluginFolder();
  const file = await folder.getEntry('manifest.json');
  const manifest = JSON.parse(await file.read()) as { requiredPermissions: { network: { domains: string[] | 'all' } } };
  return manifest.requiredPermissions.network.domains;
}
