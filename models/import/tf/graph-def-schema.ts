import protobuf from 'protobufjs';

/**
 * The part of TensorFlow's GraphDef that a frozen graph uses. Names and numbers: graph.proto, node_def.proto,
 * attr_value.proto, tensor.proto and tensor_shape.proto in tensorflow/core/framework. Enums are read as numbers.
 */
const SCHEMA = `
syntax = "proto3";
package tensorflow;
message TensorShapeProto {
  message Dim { int64 size = 1; string name = 2; }
  repeated Dim dim = 2;
  bool unknown_rank = 3;
}
message TensorProto {
  int32 dtype = 1;
  TensorShapeProto tensor_shape = 2;
  bytes tensor_content = 4;
  repeated float float_val = 5 [packed = true];
  repeated double double_val = 6 [packed = true];
  repeated int32 int_val = 7 [packed = true];
  repeated bytes string_val = 8;
  repeated int64 int64_val = 10 [packed = true];
  repeated bool bool_val = 11 [packed = true];
  repeated int32 half_val = 13 [packed = true];
}
message AttrValue {
  message ListValue {
    repeated bytes s = 2;
    repeated int64 i = 3 [packed = true];
    repeated float f = 4 [packed = true];
    repeated bool b = 5 [packed = true];
    repeated int32 type = 6 [packed = true];
    repeated TensorShapeProto shape = 7;
    repeated TensorProto tensor = 8;
  }
  oneof value {
    bytes s = 2;
    int64 i = 3;
    float f = 4;
    bool b = 5;
    int32 type = 6;
    TensorShapeProto shape = 7;
    TensorProto tensor = 8;
    ListValue list = 1;
  }
}
message NodeDef {
  string name = 1;
  string op = 2;
  repeated string input = 3;
  string device = 4;
  map<string, AttrValue> attr = 5;
}
message VersionDef { int32 producer = 1; int32 min_consumer = 2; }
message GraphDef { repeated NodeDef node = 1; VersionDef versions = 4; }
`;

type Int64 = number | { toNumber(): number };

export interface ShapeProto {
  dim?: { size?: Int64 }[];
  unknownRank?: boolean;
}

export interface TensorProto {
  dtype?: number;
  tensorShape?: ShapeProto;
  tensorContent?: Uint8Array;
  floatVal?: number[];
  doubleVal?: number[];
  intVal?: number[];
  int64Val?: Int64[];
  boolVal?: boolean[];
  halfVal?: number[];
}

/** Of a oneof only the field that was set is present. */
export interface AttrProto {
  s?: Uint8Array;
  i?: Int64;
  f?: number;
  b?: boolean;
  type?: number;
  shape?: ShapeProto;
  tensor?: TensorProto;
  list?: { s?: Uint8Array[]; i?: Int64[]; f?: number[]; type?: number[] };
}

export interface NodeProto {
  name: string;
  op: string;
  input?: string[];
  attr?: Record<string, AttrProto>;
}

const GraphDef = protobuf.parse(SCHEMA).root.lookupType('tensorflow.GraphDef');

/** @throws {Error} when the bytes are not protobuf. Tensor contents are views of `bytes`. */
export function decodeGraphDef(bytes: Uint8Array): NodeProto[] {
  return (GraphDef.decode(bytes) as unknown as { node: NodeProto[] }).node;
}

export function encodeGraphDef(nodes: readonly NodeProto[]): Uint8Array {
  return GraphDef.encode({ node: nodes, versions: { producer: 134 } }).finish();
}
