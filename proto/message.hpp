// Encoding of all messages of version 2. proto/PROTOCOL.md is their specification: change both
// together.
#pragma once

#include "proto/confirm.hpp"
#include "proto/console_entries.hpp"
#include "proto/control_entries.hpp"
#include "proto/delivery_entries.hpp"
#include "proto/entry.hpp"
#include "proto/header.hpp"
#include "proto/heartbeat.hpp"
#include "proto/put_entries.hpp"
#include "proto/settlement.hpp"
