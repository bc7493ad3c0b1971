//go:build tools

// Package kubeconform pins a validator of manifests that benchmarks compare with.
package kubeconform

import (
	_ "github.com/yannh/kubeconform/cmd/kubeconform"
)
