// Owns the cluster of a test: the operator's own reconcilers over the fake of Kubernetes that their
// library brings, and the custom resources that a user of the operator applies.

package peerage

import (
	"context"
	"testing"
	"time"

	"go.uber.org/zap"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/client-go/tools/record"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/client/fake"

	"github.com/mongodb/mongodb-atlas-kubernetes/v2/api"
	akov2 "github.com/mongodb/mongodb-atlas-kubernetes/v2/api/v1"
	"github.com/mongodb/mongodb-atlas-kubernetes/v2/internal/controller/atlas"
	"github.com/mongodb/mongodb-atlas-kubernetes/v2/internal/controller/atlasnetworkcontainer"
	"github.com/mongodb/mongodb-atlas-kubernetes/v2/internal/controller/atlasnetworkpeering"
	"github.com/mongodb/mongodb-atlas-kubernetes/v2/internal/controller/reconciler"
)

const (
	namespace = "default"
	secret    = "atlas-credentials"
	pause     = 50 * time.Millisecond
	limit     = 30 * time.Second
)

// cluster is Kubernetes with the operator in it.
type cluster struct {
	t          *testing.T
	kubernetes client.Client
	containers *atlasnetworkcontainer.AtlasNetworkContainerReconciler
	peerings   *atlasnetworkpeering.AtlasNetworkPeeringReconciler
	project    akov2.ProjectDualReference
}

// resource is a custom resource whose conditions can be read.
type resource interface {
	client.Object
	GetStatus() api.Status
}

func newCluster(t *testing.T, home server) *cluster {
	t.Helper()
	scheme := runtime.NewScheme()
	for _, add := range []func(*runtime.Scheme) error{corev1.AddToScheme, akov2.AddToScheme} {
		if err := add(scheme); err != nil {
			t.Fatal(err)
		}
	}
	credentials := &corev1.Secret{
		ObjectMeta: metav1.ObjectMeta{
			Namespace: namespace, Name: secret,
			Labels: map[string]string{"atlas.mongodb.com/type": "credentials"},
		},
		Data: map[string][]byte{
			"orgId": []byte(home.OrgID), "publicApiKey": []byte(home.PublicKey),
			"privateApiKey": []byte(home.PrivateKey),
		},
	}
	kubernetes := fake.NewClientBuilder().WithScheme(scheme).WithObjects(credentials).
		WithStatusSubresource(&akov2.AtlasNetworkContainer{}, &akov2.AtlasNetworkPeering{}).Build()
	shared := reconciler.AtlasReconciler{
		AtlasProvider:   atlas.NewProductionProvider(home.BaseURL, false, false),
		Client:          kubernetes,
		Log:             zap.NewNop().Sugar(),
		GlobalSecretRef: client.ObjectKey{Namespace: namespace, Name: secret},
	}
	events := record.NewFakeRecorder(10_000)
	return &cluster{
		t: t, kubernetes: kubernetes,
		containers: &atlasnetworkcontainer.AtlasNetworkContainerReconciler{
			AtlasReconciler: shared, Scheme: scheme, EventRecorder: events,
		},
		peerings: &atlasnetworkpeering.AtlasNetworkPeeringReconciler{
			AtlasReconciler: shared, Scheme: scheme, EventRecorder: events,
		},
		project: akov2.ProjectDualReference{
			ExternalProjectRef: &akov2.ExternalProjectReference{ID: home.ProjectID},
			ConnectionSecret:   &api.LocalObjectReference{Name: secret},
		},
	}
}

// reconcile lets the operator look at a resource once.
func (c *cluster) reconcile(object client.Object) {
	c.t.Helper()
	request := ctrl.Request{NamespacedName: client.ObjectKeyFromObject(object)}
	var err error
	switch object.(type) {
	case *akov2.AtlasNetworkContainer:
		_, err = c.containers.Reconcile(context.Background(), request)
	case *akov2.AtlasNetworkPeering:
		_, err = c.peerings.Reconcile(context.Background(), request)
	}
	if err != nil {
		c.t.Logf("%s: %v", object.GetName(), err)
	}
}

// until lets the operator look again and again until a resource is as it should be.
func (c *cluster) until(what string, object resource, done func() bool) {
	c.t.Helper()
	for deadline := time.Now().Add(limit); ; time.Sleep(pause) {
		c.reconcile(object)
		err := c.kubernetes.Get(context.Background(), client.ObjectKeyFromObject(object), object)
		if client.IgnoreNotFound(err) != nil {
			c.t.Fatal(err)
		}
		if done() {
			return
		}
		if time.Now().After(deadline) {
			c.t.Fatalf("%s does not become %s: %+v", object.GetName(), what, object.GetStatus())
		}
	}
}

// apply makes a resource, as `kubectl apply` does, and waits until the operator says that it is
// ready.
func (c *cluster) apply(object resource) {
	c.t.Helper()
	if err := c.kubernetes.Create(context.Background(), object); err != nil {
		c.t.Fatal(err)
	}
	c.ready(object)
}

// ready waits until the operator says that a resource is ready.
func (c *cluster) ready(object resource) {
	c.t.Helper()
	c.until("ready", object, func() bool { return condition(object, api.ReadyType).Status == corev1.ConditionTrue })
}

// remove takes a resource away, as `kubectl delete` does, and waits until the operator lets it go.
func (c *cluster) remove(object resource) {
	c.t.Helper()
	if err := c.kubernetes.Delete(context.Background(), object); err != nil {
		c.t.Fatal(err)
	}
	key := client.ObjectKeyFromObject(object)
	c.until("gone", object, func() bool {
		return apierrors.IsNotFound(c.kubernetes.Get(context.Background(), key, object))
	})
}

func condition(object resource, kind api.ConditionType) api.Condition {
	for _, found := range object.GetStatus().GetConditions() {
		if found.Type == kind {
			return found
		}
	}
	return api.Condition{}
}
