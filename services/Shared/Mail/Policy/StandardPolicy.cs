namespace Merpati.Mail.Policy;

/// <summary>The policy that holds when no other is named.</summary>
public static class StandardPolicy
{
    public static string Text { get; } = Read();

    public static MailPolicy Policy { get; } = PolicyReader.Read(Text);

    private static string Read()
    {
        using var stream = typeof(StandardPolicy).Assembly.GetManifestResourceStream("standard.yaml")!;
        using var reader = new StreamReader(stream);
        return reader.ReadToEnd();
    }
}
