// RUN: split-file %s %t
// RUN: tenon-opt %t/syntax.mlir --split-input-file --verify-diagnostics | FileCheck %t/syntax.mlir
// RUN: tenon-interpret %t/meaning.mlir | FileCheck %t/meaning.mlir

//--- syntax.mlir
// CHECK-LABEL: func @loop_of_rows
func.func @loop_of_rows(%x: tensor<4xf32>, %l: tensor<?xf32, #graph.dims<L>>) -> (tensor<4xf32>, tensor<?x4xf32, #graph.dims<L, 4>>) {
  // CHECK:      graph.loop count <L> init(%{{.+}} : tensor<4xf32>) {
  // CHECK-NEXT: ^bb0(%{{.+}}: tensor<i64>, %[[H:.+]]: tensor<4xf32>):
  // CHECK-NEXT:   %[[N:.+]] = graph.neg %[[H]]
  // CHECK-NEXT:   graph.yield %[[N]], %[[H]]
  // CHECK-NEXT: } -> tensor<4xf32>, tensor<?x4xf32, #graph.dims<L, 4>>
  %0:2 = graph.loop count #graph.dim<L> init(%x : tensor<4xf32>) {
  ^bb0(%i: tensor<i64>, %h: tensor<4xf32>):
    %1 = graph.neg %h : (tensor<4xf32>) -> tensor<4xf32>
    graph.yield %1, %h : tensor<4xf32>, tensor<4xf32>
  } -> tensor<4xf32>, tensor<?x4xf32, #graph.dims<L, 4>>
  return %0#0, %0#1 : tensor<4xf32>, tensor<?x4xf32, #graph.dims<L, 4>>
}

// CHECK-LABEL: func @loop_with_ends
// CHECK-SAME:    (%[[N:.+]]: tensor<i64>, %[[C:.+]]: tensor<i1>
func.func @loop_with_ends(%n: tensor<i64>, %c: tensor<i1>, %x: tensor<4xf32>) -> tensor<4xf32> {
  // CHECK: graph.loop limit %[[N]] : tensor<i64> while %[[C]] : tensor<i1> init(
  %0 = graph.loop limit %n : tensor<i64> while %c : tensor<i1> init(%x : tensor<4xf32>) {
  ^bb0(%i: tensor<i64>, %h: tensor<4xf32>):
    graph.yield %c, %h : tensor<i1>, tensor<4xf32>
  } -> tensor<4xf32>
  return %0 : tensor<4xf32>
}

// -----

func.func @loop_c1(%x: tensor<4xf32>) -> tensor<4xf32> {
  // expected-error @below {{'graph.loop' op needs a body of the turn and the state: expected ('tensor<i64>', 'tensor<4xf32>'), got ('tensor<4xf32>')}}
  %0 = graph.loop count #graph.dim<3> init(%x : tensor<4xf32>) {
  ^bb0(%h: tensor<4xf32>):
    graph.yield %h : tensor<4xf32>
  } -> tensor<4xf32>
  return %0 : tensor<4xf32>
}

// -----

func.func @loop_c2(%c: tensor<i1>, %x: tensor<4xf32>) -> tensor<4xf32> {
  // expected-error @below {{'graph.loop' op yields its condition and its state: expected 'tensor<i1>' and 1 values or more, got ('tensor<4xf32>')}}
  %0 = graph.loop while %c : tensor<i1> init(%x : tensor<4xf32>) {
  ^bb0(%i: tensor<i64>, %h: tensor<4xf32>):
    graph.yield %h : tensor<4xf32>
  } -> tensor<4xf32>
  return %0 : tensor<4xf32>
}

// -----

func.func @loop_c3(%x: tensor<4xf32>, %y: tensor<3xf32>) -> tensor<4xf32> {
  // expected-error @below {{'graph.loop' op keeps the types of its state: expected ('tensor<4xf32>'), got ('tensor<3xf32>')}}
  %0 = graph.loop count #graph.dim<3> init(%x : tensor<4xf32>) {
  ^bb0(%i: tensor<i64>, %h: tensor<4xf32>):
    graph.yield %y : tensor<3xf32>
  } -> tensor<4xf32>
  return %0 : tensor<4xf32>
}

// -----

func.func @loop_c4(%n: tensor<i64>, %x: tensor<4xf32>) -> tensor<3x4xf32> {
  // expected-error @below {{'graph.loop' op has rows of an unknown number of turns: expected a count and no other end}}
  %0 = graph.loop count #graph.dim<3> limit %n : tensor<i64> init() {
  ^bb0(%i: tensor<i64>):
    graph.yield %x : tensor<4xf32>
  } -> tensor<3x4xf32>
  return %0 : tensor<3x4xf32>
}

// -----

func.func @loop_c5(%x: tensor<4xf32>) -> tensor<4xf32> {
  // expected-error @below {{'graph.loop' op needs an end: expected a count, a limit or a condition, got none}}
  %0 = graph.loop init(%x : tensor<4xf32>) {
  ^bb0(%i: tensor<i64>, %h: tensor<4xf32>):
    graph.yield %h : tensor<4xf32>
  } -> tensor<4xf32>
  return %0 : tensor<4xf32>
}

// -----

func.func @loop_result_is_another(%x: tensor<4xf32>) -> tensor<3x4xf32> {
  // expected-error @below {{'graph.loop' op needs the result type that follows from its operands: expected 'tensor<2x4xf32>', got 'tensor<3x4xf32>'}}
  %0 = graph.loop count #graph.dim<2> init() {
  ^bb0(%i: tensor<i64>):
    graph.yield %x : tensor<4xf32>
  } -> tensor<3x4xf32>
  return %0 : tensor<3x4xf32>
}

//--- meaning.mlir
// As many turns as a symbol says: the last state, and a row a turn.

// CHECK-LABEL: @loop_counts
func.func @loop_counts(%x: tensor<?xf32, #graph.dims<L>> {graph.example = dense<1.0> : tensor<3xf32>}) -> (tensor<i64>, tensor<?x2xi64, #graph.dims<L, 2>>) {
  %one = graph.constant dense<1> : tensor<i64>
  %pair = graph.constant dense<[10, 20]> : tensor<2xi64>
  %0:2 = graph.loop count #graph.dim<L> init(%one : tensor<i64>) {
  ^bb0(%i: tensor<i64>, %product: tensor<i64>):
    %next = graph.add %i, %one : (tensor<i64>, tensor<i64>) -> tensor<i64>
    %more = graph.mul %product, %next : (tensor<i64>, tensor<i64>) -> tensor<i64>
    %row = graph.add %pair, %i : (tensor<2xi64>, tensor<i64>) -> tensor<2xi64>
    graph.yield %more, %row : tensor<i64>, tensor<2xi64>
  } -> tensor<i64>, tensor<?x2xi64, #graph.dims<L, 2>>
  // CHECK-NEXT: tensor<i64> 6{{$}}
  // CHECK-NEXT: tensor<3x2xi64> 10 20 ; 11 21 ; 12 22{{$}}
  return %0#0, %0#1 : tensor<i64>, tensor<?x2xi64, #graph.dims<L, 2>>
}

// No turn: the state before it, and no rows.

// CHECK-LABEL: @loop_of_no_turn
func.func @loop_of_no_turn(%x: tensor<i64> {graph.example = dense<7> : tensor<i64>}) -> (tensor<i64>, tensor<0x2xi64>) {
  %pair = graph.constant dense<[10, 20]> : tensor<2xi64>
  %0:2 = graph.loop count #graph.dim<0> init(%x : tensor<i64>) {
  ^bb0(%i: tensor<i64>, %h: tensor<i64>):
    graph.yield %i, %pair : tensor<i64>, tensor<2xi64>
  } -> tensor<i64>, tensor<0x2xi64>
  // CHECK-NEXT: tensor<i64> 7{{$}}
  // CHECK-NEXT: tensor<0x2xi64>{{$}}
  return %0#0, %0#1 : tensor<i64>, tensor<0x2xi64>
}

// Whatever end comes first: a limit, a negative one, a condition that holds no more,
// one that never held.

// CHECK-LABEL: @loop_ends
func.func @loop_ends(%five: tensor<i64> {graph.example = dense<5> : tensor<i64>}, %minus: tensor<i64> {graph.example = dense<-1> : tensor<i64>},
                     %yes: tensor<i1> {graph.example = dense<true> : tensor<i1>}, %no: tensor<i1> {graph.example = dense<false> : tensor<i1>})
    -> (tensor<i64>, tensor<i64>, tensor<i64>, tensor<i64>) {
  %zero = graph.constant dense<0> : tensor<i64>
  %two = graph.constant dense<2> : tensor<i64>
  %0 = graph.loop limit %five : tensor<i64> init(%zero : tensor<i64>) {
  ^bb0(%i: tensor<i64>, %sum: tensor<i64>):
    %next = graph.add %sum, %i : (tensor<i64>, tensor<i64>) -> tensor<i64>
    graph.yield %next : tensor<i64>
  } -> tensor<i64>
  %1 = graph.loop limit %minus : tensor<i64> init(%two : tensor<i64>) {
  ^bb0(%i: tensor<i64>, %sum: tensor<i64>):
    graph.yield %i : tensor<i64>
  } -> tensor<i64>
  %2 = graph.loop limit %five : tensor<i64> while %yes : tensor<i1> init(%zero : tensor<i64>) {
  ^bb0(%i: tensor<i64>, %sum: tensor<i64>):
    %next = graph.add %sum, %two : (tensor<i64>, tensor<i64>) -> tensor<i64>
    %again = graph.compare %i, %two {predicate = #graph<predicate lt>} : (tensor<i64>, tensor<i64>) -> tensor<i1>
    graph.yield %again, %next : tensor<i1>, tensor<i64>
  } -> tensor<i64>
  %3 = graph.loop while %no : tensor<i1> init(%zero : tensor<i64>) {
  ^bb0(%i: tensor<i64>, %sum: tensor<i64>):
    graph.yield %yes, %five : tensor<i1>, tensor<i64>
  } -> tensor<i64>
  // CHECK-NEXT: tensor<i64> 10{{$}}
  // CHECK-NEXT: tensor<i64> 2{{$}}
  // CHECK-NEXT: tensor<i64> 6{{$}}
  // CHECK-NEXT: tensor<i64> 0{{$}}
  return %0, %1, %2, %3 : tensor<i64>, tensor<i64>, tensor<i64>, tensor<i64>
}
