/** A graph holds an operation, or a use of one, that the importer has no ONNX form for. */
export class UnsupportedOpError extends Error {
  readonly code = 'UNSUPPORTED_OP';
  readonly op: string;
  readonly node: string;

  constructor(op: string, node: string, reason?: string) {
    super(`The importer cannot convert the operation "${op}" of node "${node}"${reason ? `: ${reason}` : ''}.`);
    this.name = 'UnsupportedOpError';
    this.op = op;
    this.node = node;
  }
}

/** The file is not the graph it claims to be: broken bytes, a missing weight, a name that leads nowhere. */
export class GraphFormatError extends Error {
  readonly code = 'BAD_GRAPH';

  constructor(message: string) {
    super(message);
    this.name = 'GraphFormatError';
  }
}
