namespace Merpati.Local.MongoGateway;

/// <summary>Who is at the other end of a connection.</summary>
internal sealed class Client(int id)
{
    public int Id { get; } = id;

    /// <summary>What the driver said in its handshake: <c>appName</c> of the connection string.</summary>
    public string? ApplicationName { get; set; }
}
