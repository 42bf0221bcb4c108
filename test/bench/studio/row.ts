/** A line of the table. */
export type Row = (what: string, aim: string, measured: string) => void;
