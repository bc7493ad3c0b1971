//go:build tools

// Package kserve pins KServe's own managers, which serve its admission webhooks.
package kserve

import (
	_ "github.com/kserve/kserve/cmd/llmisvc"
	_ "github.com/kserve/kserve/cmd/localmodel"
	_ "github.com/kserve/kserve/cmd/manager"
)
