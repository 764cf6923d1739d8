using Merpati.Bus;
using Merpati.ImapGateway;
using Merpati.ImapGateway.Host;
using Merpati.Platform.Hosting;
using Merpati.Platform.Listeners;
using Merpati.Rpc;
using Merpati.Rpc.Accounts;
using Microsoft.Extensions.DependencyInjection;

var sections = new Dictionary<string, Type>
{
    [ImapGatewayOptions.Section] = typeof(ImapGatewayOptions),
    [RpcOptions.Section] = typeof(RpcOptions),
    [DirectoryCacheOptions.Section] = typeof(DirectoryCacheOptions),
    [BusOptions.Section] = typeof(BusOptions),
};

return await ServiceHost.RunAsync<ImapGatewayHostOptions>("merpati-imap-gateway", args, sections, static host =>
{
    host.Services
        .AddBus()
        .AddDirectoryClient().AddDirectoryCache()
        .AddMailboxesClient()
        .AddImapGateway()
        .PostConfigure<ImapGatewayOptions>(imap => imap.AllowPlaintextAuth = host.Options.AllowPlaintextAuth);
    host.DependsOn("Delivery", RpcClients.CheckDeliveryAsync);
    host.DependsOn("UserDirectory", RpcClients.CheckUserDirectoryAsync);
    host.OpenMailPorts(provider =>
    {
        var sessions = provider.GetRequiredService<ImapSessions>();
        return [.. Port("imap", host.Options.Ports.Imap, tls: false), .. Port("imaps", host.Options.Ports.Imaps, tls: true)];

        IEnumerable<MailPort> Port(string name, int number, bool tls)
            => ServiceHost.OnAll(host.Configuration.Addresses, number, endPoint => new MailPort(name, endPoint, tls, ImapSessions.BusyLine, sessions.RunAsync));
    });
});
