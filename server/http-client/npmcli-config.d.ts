// The part of @npmcli/config that Hairline uses; the package has no types of its own.
declare module '@npmcli/config' {
  export default class Config {
    constructor(options: {
      npmPath: string;
      definitions: unknown;
      shorthands: unknown;
      flatten: unknown;
      argv: string[];
      env: NodeJS.ProcessEnv;
      warn: boolean;
    });
    load(): Promise<void>;
    /** The settings in the form that pacote takes. */
    readonly flat: Record<string, unknown>;
  }
}

declare module '@npmcli/config/lib/definitions/index.js' {
  const definitions: { definitions: unknown; shorthands: unknown; flatten: unknown };
  export default definitions;
}
