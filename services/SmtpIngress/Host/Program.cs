using Merpati.Bus;
using Merpati.Mail.Dns;
using Merpati.Platform.Hosting;
using Merpati.Platform.Listeners;
using Merpati.Platform.Reports;
using Merpati.Rpc;
using Merpati.Rpc.Accounts;
using Merpati.SmtpIngress;
using Merpati.SmtpIngress.Host;
using Merpati.Storage.MongoDb;
using Microsoft.Extensions.DependencyInjection;

const MongoStoreKinds Stores = MongoStoreKinds.Content | MongoStoreKinds.Queue | MongoStoreKinds.Journal;

var sections = new Dictionary<string, Type>
{
    [SmtpIngressOptions.Section] = typeof(SmtpIngressOptions),
    [MongoStoreOptions.Section] = typeof(MongoStoreOptions),
    [RpcOptions.Section] = typeof(RpcOptions),
    [DirectoryCacheOptions.Section] = typeof(DirectoryCacheOptions),
    [BusOptions.Section] = typeof(BusOptions),
    [DnsOptions.Section] = typeof(DnsOptions),
    [ReportOptions.Section] = typeof(ReportOptions),
};

return await ServiceHost.RunAsync<SmtpIngressHostOptions>("merpati-smtp-ingress", args, sections, static host =>
{
    host.Services
        .AddMongoStores(Stores)
        .AddBus()
        .AddDirectoryClient().AddDirectoryCache()
        .AddSmtpIngress()
        .PostConfigure<SmtpIngressOptions>(smtp =>
        {
            smtp.HostName = host.Hostname;
            smtp.AllowPlaintextAuth = host.Options.AllowPlaintextAuth;
        });
    host.DependsOn("MongoDB", static (provider, cancellationToken) => provider.GetRequiredService<MongoStores>().CheckAsync(Stores, cancellationToken));
    host.DependsOn("UserDirectory", RpcClients.CheckUserDirectoryAsync);
    host.OpenMailPorts(provider =>
    {
        var sessions = provider.GetRequiredService<SmtpSessions>();
        return
        [
            .. Port("smtp", host.Options.Ports.Smtp, tls: false, SmtpRole.Mx),
            .. Port("submission", host.Options.Ports.Submission, tls: false, SmtpRole.Submission),
            .. Port("submissions", host.Options.Ports.Submissions, tls: true, SmtpRole.Submission),
        ];

        IEnumerable<MailPort> Port(string name, int number, bool tls, SmtpRole role)
            => ServiceHost.OnAll(host.Configuration.Addresses, number, endPoint => new MailPort(name, endPoint, tls, SmtpSessions.BusyLine(host.Hostname), (transport, lifetime) => sessions.RunAsync(transport, role, lifetime)));
    });
});
