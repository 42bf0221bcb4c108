import Type, { type Static } from 'typebox';

/** `GET /v1/control`. */
export const ControlState = Type.Object(
  {
    autostart: Type.Boolean({ description: 'Whether the server starts at logon.' }),
    panelFile: Type.Boolean({ description: 'Whether there is a panel to install.' }),
    panelSeen: Type.Union([Type.String({ format: 'date-time' }), Type.Null()], {
      description: 'When the panel last asked for something since the server started, if its requests could be told.',
    }),
    removable: Type.Array(Type.String(), {
      description: "Models that can be removed: those that are in the user's own folder.",
    }),
  },
  { description: 'What the page at `/` shows to the user who opened it with `hairline open`.' },
);
export type ControlState = Static<typeof ControlState>;
