import Type, { type Static } from 'typebox';

export const UpdateState = Type.Object(
  {
    watch: Type.Boolean({ description: 'Whether the server looks for newer versions by itself, once a day.' }),
    available: Type.Union([Type.String(), Type.Null()], { description: 'The newer version that it has found.' }),
    installing: Type.Boolean({ description: 'Whether that one is being installed.' }),
    failure: Type.Union([Type.String(), Type.Null()], { description: 'Why it could not be installed: a sentence.' }),
  },
  { description: 'Newer versions of an app that can update itself.' },
);
export type UpdateState = Static<typeof UpdateState>;

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
    update: Type.Union([UpdateState, Type.Null()], { description: 'Null where npm or a checkout brought the server.' }),
  },
  { description: 'What the page at `/` shows to the user who opened it with `hairline open`.' },
);
export type ControlState = Static<typeof ControlState>;
