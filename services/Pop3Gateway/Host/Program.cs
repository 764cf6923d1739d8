using Merpati.Bus;
using Merpati.Platform.Hosting;
using Merpati.Platform.Listeners;
using Merpati.Pop3Gateway;
using Merpati.Pop3Gateway.Host;
using Merpati.Rpc;
using Merpati.Rpc.Accounts;
using Microsoft.Extensions.DependencyInjection;

var sections = new Dictionary<string, Type>
{
    [Pop3GatewayOptions.Section] = typeof(Pop3GatewayOptions),
    [RpcOptions.Section] = typeof(RpcOptions),
    [DirectoryCacheOptions.Section] = typeof(DirectoryCacheOptions),
    [BusOptions.Section] = typeof(BusOptions),
};

return await ServiceHost.RunAsync<Pop3GatewayHostOptions>("merpati-pop3-gateway", args, sections, static host =>
{
    host.Services
        .AddBus()
        .AddDirectoryClient().AddDirectoryCache()
        .AddMailboxesClient()
        .AddMaildropLockClient()
        .AddPop3Gateway()
        .PostConfigure<Pop3GatewayOptions>(pop3 =>
        {
            pop3.HostName = host.Hostname;
            pop3.AllowPlaintextAuth = host.Options.AllowPlaintextAuth;
        });
    host.DependsOn("Delivery", RpcClients.CheckDeliveryAsync);
    host.DependsOn("UserDirectory", RpcClients.CheckUserDirectoryAsync);
    host.OpenMailPorts(provider =>
    {
        var sessions = provider.GetRequiredService<Pop3Sessions>();
        return [.. Port("pop3", host.Options.Ports.Pop3, tls: false), .. Port("pop3s", host.Options.Ports.Pop3s, tls: true)];

        IEnumerable<MailPort> Port(string name, int number, bool tls)
            => ServiceHost.OnAll(host.Configuration.Addresses, number, endPoint => new MailPort(name, endPoint, tls, Pop3Sessions.BusyLine, sessions.RunAsync));
    });
});
