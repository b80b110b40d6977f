#include "rules/rule.h"

namespace ckptdiff {

extern const Rule kUnsafePickle = {
    .info = {.id = "unsafe-pickle",
             .subject = "files",
             .severity = Severity::kWarning,
             .summary = "loading the file runs code that it names",
             .help = "Fires where a pickle names callables beyond those that "
                     "rebuild tensors and plain containers. ckptdiff reads it "
                     "without running it; torch.load would run it, or refuse "
                     "with weights_only=True.",
             .remedy = "save the state_dict alone "
                       "(torch.save(model.state_dict(), …)), or as safetensors;"
                       " load it only if you trust who wrote it"},
};

}  // namespace ckptdiff
