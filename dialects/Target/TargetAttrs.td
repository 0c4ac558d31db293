#ifndef TENON_DIALECTS_TARGET_TARGETATTRS_TD
#define TENON_DIALECTS_TARGET_TARGETATTRS_TD

include "dialects/Target/TargetDialect.td"
include "mlir/IR/AttrTypeBase.td"
include "mlir/IR/EnumAttr.td"

/// The names are those of the CPU's features, in LLVM's spelling, since a unit is
/// there when its feature is.
def Target_Unit : I32EnumAttr<"Unit", "what multiplies and adds beside the f32 lanes", [
    I32EnumAttrCase<"Avx512Bf16", 0, "avx512bf16">,
    I32EnumAttrCase<"Avx512Vnni", 1, "avx512vnni">,
    I32EnumAttrCase<"AmxBf16", 2, "amx-bf16">,
    I32EnumAttrCase<"AmxInt8", 3, "amx-int8">]> {
  let cppNamespace = "::tenon::target";
  let genSpecializedAttr = 0;
}

class Target_Attr<string name, string attrMnemonic> : AttrDef<Target_Dialect, name> {
  let mnemonic = attrMnemonic;
}

/// Quoted, since features have dashes in their names.
def Target_UnitParameter : AttrParameter<"::tenon::target::Unit", "a unit's name"> {
  let parser = "parseUnit($_parser)";
  let printer = "printUnit($_printer, $_self)";
}

def Target_UnitRateAttr : Target_Attr<"UnitRate", "unit"> {
  let summary = "a unit and its multiply-adds per cycle and core";
  let parameters = (ins Target_UnitParameter:$unit, "int64_t":$macsPerCycle);
  let assemblyFormat = "`<` $unit `,` $macsPerCycle `>`";
}

def Target_CacheAttr : Target_Attr<"Cache", "cache"> {
  let summary = "one level of data cache: bytes as one core sees them, and ways";
  let parameters = (ins "int64_t":$sizeBytes, "int64_t":$ways);
  let assemblyFormat = "`<` $sizeBytes `,` $ways `>`";
}

def Target_CpuAttr : Target_Attr<"Cpu", "cpu"> {
  let summary = "a CPU: what its code may use, and how fast that is";
  let description = [{
    | parameter         | unit             | meaning                                       |
    |-------------------|------------------|-----------------------------------------------|
    | `name`            | -                | as `--target` takes it                        |
    | `llvm_cpu`        | -                | LLVM's name of the level that code starts from |
    | `llvm_tune`       | -                | LLVM's name of the CPU that code is timed for |
    | `vector_bytes`    | bytes            | of the widest vector register                 |
    | `num_vectors`     | -                | vector registers                              |
    | `f32_macs`        | 1 / (cycle core) | f32 multiply-adds: FMA units times lanes      |
    | `clock_mhz`       | MHz              | a guess, to turn cycles into time             |
    | `features`        | -                | what code may use, and the runtime checks     |
    | `units`           | -                | faster units for narrower types               |
    | `caches`          | -                | L1, L2, L3                                     |

    Example:

    ```mlir
    #target.cpu<name = "znver4", llvm_cpu = "x86-64-v4", llvm_tune = "znver4",
                vector_bytes = 64, num_vectors = 32, f32_macs = 16, clock_mhz = 3700,
                features = ["avx2", "fma", "avx512f"],
                units = [#target.unit<"avx512bf16", 32>],
                caches = [#target.cache<32768, 8>]>
    ```

    * (C1) Every number is at least 1, and a vector is 16, 32 or 64 bytes.
    * (C2) Each of `features` is one of `kFeatureNames`, which the runtime knows too.
    * (C3) `units` are `#target.unit`, each at most once, and the feature of that
      name is among `features`.
    * (C4) `caches` are 1 to 3 `#target.cache`, each larger than the one before.
  }];
  let parameters = (ins
      StringRefParameter<>:$name, StringRefParameter<>:$llvm_cpu,
      StringRefParameter<>:$llvm_tune,
      "int64_t":$vector_bytes, "int64_t":$num_vectors, "int64_t":$f32_macs,
      "int64_t":$clock_mhz, "::mlir::ArrayAttr":$features,
      "::mlir::ArrayAttr":$units, "::mlir::ArrayAttr":$caches);
  let assemblyFormat = "`<` struct(params) `>`";
  let genVerifyDecl = 1;
  let extraClassDeclaration = [{
    bool hasFeature(::llvm::StringRef feature) const;
    /// Multiply-adds per cycle of `unit`, or nothing if the CPU lacks it.
    std::optional<int64_t> macsPerCycle(Unit unit) const;
    /// The rate of `unit` over that of f32 FMA; 0 if the CPU lacks it.
    double rateOverF32(Unit unit) const;
    /// "+avx2,+fma,...", as LLVM wants it.
    std::string llvmFeatures() const;
    /// f32 lanes of a vector register.
    int64_t lanes() const { return getVectorBytes() / 4; }
    /// Level 1, 2 or 3; the last level for one that is not there.
    CacheAttr cache(unsigned level) const;
  }];
}

def Target_GpuAttr : Target_Attr<"Gpu", "gpu"> {
  let summary = "a GPU's architecture: what its code may use";
  let description = [{
    | parameter      | unit  | meaning                                          |
    |----------------|-------|--------------------------------------------------|
    | `name`         | -     | NVRTC's name of the architecture                 |
    | `compute`      | -     | ten times the compute capability                 |
    | `shared_bytes` | bytes | of shared memory that one block may ask for      |

    Example: `#target.gpu<name = "sm_90a", compute = 90, shared_bytes = 232448>`

    * (C1) Both numbers are at least 1.
  }];
  let parameters = (ins StringRefParameter<>:$name, "int64_t":$compute, "int64_t":$shared_bytes);
  let assemblyFormat = "`<` struct(params) `>`";
  let genVerifyDecl = 1;
  let extraClassDeclaration = [{
    /// Whether four warps multiply together (wgmma), which no later one does.
    bool hasWarpgroups() const { return getName() == "sm_90a"; }
  }];
}

#endif // TENON_DIALECTS_TARGET_TARGETATTRS_TD
