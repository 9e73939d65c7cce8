// Stands before each generated file of a unity build, which therefore needs no include guard.
//
// protoc 3.21 gives every name in a .pb.cc the name of its file, but for two static tables. Joined
// in one unit they would collide, so each gets the macro that CMake defines anew for each file.
#include <google/protobuf/generated_message_reflection.h>

#undef schemas
#undef file_default_instances
#undef MLSPEC_JOIN
#undef MLSPEC_JOIN_VALUES
#define MLSPEC_JOIN(left, right) left##_##right
#define MLSPEC_JOIN_VALUES(left, right) MLSPEC_JOIN(left, right)
#define schemas MLSPEC_JOIN_VALUES(schemas_of, GENERATED_FILE)
#define file_default_instances MLSPEC_JOIN_VALUES(file_default_instances_of, GENERATED_FILE)
