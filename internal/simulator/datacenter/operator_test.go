package datacenter_test

import (
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/terraform-modelarts/terraform-provider-modelarts/internal/simulator/datacenter"
)

func newOperator(cfg datacenter.Config) datacenter.Operator {
	return datacenter.NewOperator(new(sync.Mutex), datacenter.NewSite(cfg))
}

func TestKeepUpdateAt(t *testing.T) {
	t.Parallel()
	o := newOperator(datacenter.Config{Behavior: datacenter.Behavior{KeepUpdateAt: true}})
	s := o.AddServer(datacenter.Server{Status: datacenter.StatusStopped})
	o.Reimage(s.ID, "")
	if now, _ := o.Server(s.ID); now.UpdateAt != s.UpdateAt || now.Root() == s.Root() {
		t.Errorf("%+v", now)
	}
}

func TestActors(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		o := newOperator(datacenter.Config{})
		s := o.AddServer(datacenter.Server{KeyPairName: "a"})
		o.Reimage(s.ID, datacenter.UbuntuImageID)
		now, _ := o.Server(s.ID)
		if now.ImageID != datacenter.UbuntuImageID || now.Root() == s.Root() || now.Status != "RUNNING" || now.UpdateAt <= s.UpdateAt {
			t.Errorf("reimage: %+v", now)
		}
		o.BeginReinstall(s.ID, "", "b")
		if now, _ = o.Server(s.ID); now.Status != datacenter.StatusReinstallingOS {
			t.Errorf("begun: %+v", now)
		}
		time.Sleep(time.Second)
		if now, _ = o.Server(s.ID); now.Status != "RUNNING" || now.KeyPairName != "b" || now.ImageID != datacenter.UbuntuImageID {
			t.Errorf("ended: %+v", now)
		}
		o.SetStatus(s.ID, "STARTING")
		time.Sleep(time.Hour)
		if now, _ = o.Server(s.ID); now.Status != "STARTING" {
			t.Errorf("a status that was set does not stay: %+v", now)
		}
		o.SetKeyPair(s.ID, "c")
		o.SetImage(s.ID, datacenter.DefaultImageID)
		o.PowerOff(s.ID)
		if now, _ = o.Server(s.ID); now.Status != "STOPPED" || now.KeyPairName != "c" || now.ImageName != "Ubuntu18.04_x86_64_CPU" {
			t.Errorf("set: %+v", now)
		}
		for _, w := range o.Wipes() {
			if !w.Outside || w.RequestN != 0 {
				t.Errorf("wipe %+v", w)
			}
		}
		if len(o.Wipes()) != 2 || len(o.Servers()) != 1 {
			t.Errorf("wipes %+v", o.Wipes())
		}
	})
}
