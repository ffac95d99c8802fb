// Kube is kube-apiserver, kube-controller-manager, kube-scheduler, kubelet, kube-proxy, kubectl and Helm 4 in one
// program, as they share most of their code: one is 150 MB and five minutes of compiling, seven are 600 MB. The name
// that it is called by says which one it is.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	_ "time/tzdata"

	"github.com/spf13/cobra"
	helm "helm.sh/helm/v4/pkg/cmd"
	helmkube "helm.sh/helm/v4/pkg/kube"
	"k8s.io/component-base/cli"
	_ "k8s.io/component-base/logs/json/register"
	_ "k8s.io/component-base/metrics/prometheus/clientgo"
	_ "k8s.io/component-base/metrics/prometheus/version"
	kubectl "k8s.io/kubectl/pkg/cmd"
	apiserver "k8s.io/kubernetes/cmd/kube-apiserver/app"
	manager "k8s.io/kubernetes/cmd/kube-controller-manager/app"
	proxy "k8s.io/kubernetes/cmd/kube-proxy/app"
	scheduler "k8s.io/kubernetes/cmd/kube-scheduler/app"
	kubelet "k8s.io/kubernetes/cmd/kubelet/app"
)

func main() {
	parts := map[string]func() *cobra.Command{
		"kube-apiserver":          apiserver.NewAPIServerCommand,
		"kube-controller-manager": manager.NewControllerManagerCommand,
		"kube-scheduler":          func() *cobra.Command { return scheduler.NewSchedulerCommand() },
		// Not a context of signals: the kubelet makes one itself, and two of them panic.
		"kubelet":    func() *cobra.Command { return kubelet.NewKubeletCommand(context.Background()) },
		"kube-proxy": proxy.NewProxyCommand,
		"kubectl":    func() *cobra.Command { return kubectl.NewDefaultKubectlCommand() },
	}
	if filepath.Base(os.Args[0]) == "helm" {
		os.Exit(helmed())
	}
	part, ok := parts[filepath.Base(os.Args[0])]
	if !ok {
		fmt.Fprintln(os.Stderr, "call this program by the name of a part of Kubernetes, through a link")
		os.Exit(2)
	}
	os.Exit(cli.Run(part()))
}

// helmed is the main function of helm.sh/helm/v4/cmd/helm, which no other program can call. It returns the exit code.
func helmed() int {
	helmkube.ManagedFieldsManager = "helm" // it is named after the program otherwise
	cmd, err := helm.NewRootCmd(os.Stdout, os.Args[1:], helm.SetupLogging)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	if err := cmd.Execute(); err != nil {
		if failed, ok := errors.AsType[helm.CommandError](err); ok {
			return failed.ExitCode
		}
		return 1
	}
	return 0
}
