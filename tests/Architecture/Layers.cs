using System.Reflection;

namespace Merpati.Tests.Architecture;

/// <summary>
/// What references what, read from the compiled assemblies: the compiler drops a reference that is not used, and keeps one that came in by another way than the project file.
/// </summary>
public sealed class Layers
{
    private static readonly string[] Services = ["Merpati.SmtpIngress", "Merpati.Delivery", "Merpati.OutboundRelay", "Merpati.ImapGateway", "Merpati.Pop3Gateway", "Merpati.UserDirectory"];

    /// <summary>What a host may put together besides its service.</summary>
    private static readonly string[] OfHosts = ["Merpati.Contracts", "Merpati.Storage", "Merpati.Platform", "Merpati.Mail.Dns", "Merpati.Protocols.Wire", "Merpati.Bus", "Merpati.Rpc", "Merpati.Storage.MongoDb"];

    public static TheoryData<string> ServiceNames => [.. Services];

    public static TheoryData<string> EngineNames => ["Merpati.Protocols.Wire", "Merpati.Protocols.Sasl", "Merpati.Protocols.Smtp", "Merpati.Protocols.Imap", "Merpati.Protocols.Pop3", "Merpati.Protocols.Milter"];

    [Theory]
    [MemberData(nameof(ServiceNames))]
    public void A_service_references_no_other_service(string service)
        => Assert.Empty(ReferencesOf(service).Intersect(Services));

    [Theory]
    [MemberData(nameof(ServiceNames))]
    public void A_service_references_no_database(string service)
        => Assert.DoesNotContain(ReferencesOf(service), name => name.StartsWith("Microsoft.Data", StringComparison.Ordinal) || name.StartsWith("MongoDB", StringComparison.Ordinal) || name.StartsWith("Merpati.Storage.", StringComparison.Ordinal));

    [Theory]
    [MemberData(nameof(ServiceNames))]
    public void A_host_composes_its_own_service_alone(string service)
        => Assert.Empty(ReferencesOf(service + ".Host").Where(name => name.StartsWith("Merpati", StringComparison.Ordinal)).Except(OfHosts).Except([service]));

    [Theory]
    [MemberData(nameof(ServiceNames))]
    public void A_host_only_composes(string service)
    {
        // Program, its closures, and the options of the process: whatever does work belongs to the service or to Shared.
        var types = Assembly.Load(service + ".Host").GetTypes().Where(type => !type.Name.Contains('<', StringComparison.Ordinal) && type.Name is not "Program" && type.Namespace?.StartsWith("Merpati", StringComparison.Ordinal) == true);
        Assert.All(types, type => Assert.Matches("(HostOptions|Ports)$", type.Name));
    }

    [Theory]
    [MemberData(nameof(ServiceNames))]
    public void A_service_knows_no_transport_between_services(string service)
        => Assert.DoesNotContain(ReferencesOf(service), name => name is "Merpati.Bus" or "Merpati.Rpc" || name.StartsWith("MassTransit", StringComparison.Ordinal) || name.StartsWith("RabbitMQ", StringComparison.Ordinal) || name.StartsWith("Grpc", StringComparison.Ordinal));

    [Theory]
    [MemberData(nameof(EngineNames))]
    public void A_protocol_engine_references_contracts_wire_and_SASL_alone(string engine)
    {
        string[] allowed = ["Merpati.Contracts", "Merpati.Protocols.Wire", "Merpati.Protocols.Sasl", "Microsoft.Extensions.Logging.Abstractions"];
        Assert.Empty(ReferencesOf(engine).Where(name => !name.StartsWith("System.", StringComparison.Ordinal) && name is not ("netstandard" or "mscorlib")).Except(allowed));
        Assert.DoesNotContain(ReferencesOf(engine), name => name is "System.Net.Sockets" or "System.Net.Security" or "System.Net.Http" or "System.Net.NameResolution");
    }

    [Fact]
    public void The_contracts_reference_nothing_of_ours()
        => Assert.DoesNotContain(ReferencesOf("Merpati.Contracts"), name => name.StartsWith("Merpati", StringComparison.Ordinal));

    [Fact]
    public void A_store_knows_the_contracts_and_its_database_alone()
        => Assert.Empty(ReferencesOf("Merpati.Storage.Sqlite").Where(name => name.StartsWith("Merpati", StringComparison.Ordinal)).Except(["Merpati.Contracts", "Merpati.Storage", "Merpati.Protos"]));

    private static string[] ReferencesOf(string assembly)
        => [.. Assembly.Load(assembly).GetReferencedAssemblies().Select(name => name.Name!)];
}
