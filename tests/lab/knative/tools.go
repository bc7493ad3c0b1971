//go:build tools

// Package knative pins the admission webhooks of Knative's Kafka broker and source.
package knative

import (
	_ "knative.dev/eventing-kafka-broker/control-plane/cmd/webhook-kafka"
)
