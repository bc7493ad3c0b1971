//go:build tools

// Package kustomize pins the real kustomize.
package kustomize

import (
	_ "sigs.k8s.io/kustomize/kustomize/v5"
)
