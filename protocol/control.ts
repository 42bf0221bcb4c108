/** `GET /v1/control`: what the page at `/` shows to the user who opened it with `hairline open`. */
export interface ControlState {
  /** Whether the server starts at logon. */
  autostart: boolean;
  /** Whether there is a panel to install. */
  panelFile: boolean;
  /** When the panel last asked for something since the server started (ISO 8601), if its requests could be told. */
  panelSeen: string | null;
  /** Models that can be removed: those that are in the user's own folder. */
  removable: string[];
}
