//go:build tools

// Package lab pins the upstream programs that the tests run.
package lab

import (
	_ "sigs.k8s.io/kustomize/kustomize/v5"
)
