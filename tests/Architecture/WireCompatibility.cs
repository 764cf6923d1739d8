using System.Globalization;
using System.Reflection;
using System.Runtime.CompilerServices;
using System.Text.RegularExpressions;
using AwesomeAssertions;
using Google.Protobuf.Reflection;
using Merpati.Mailboxes.V1;

namespace Merpati.Tests.Architecture;

/// <summary>
/// Services of version N and N-1 talk to each other while a cluster is upgraded or rolled back: what the protos once said stays
/// (protos/README.md). The record of it is protos/baseline.txt, a line for each field, value and call.
/// </summary>
public sealed class WireCompatibility
{
    private static readonly FileDescriptor[] Files = [.. typeof(MailboxesService).Assembly.GetTypes()
        .Where(type => type.Name.EndsWith("Reflection", StringComparison.Ordinal))
        .Select(type => type.GetProperty("Descriptor", BindingFlags.Public | BindingFlags.Static)?.GetValue(null))
        .OfType<FileDescriptor>()];

    [Fact]
    public void Nothing_that_was_ever_said_is_said_differently()
    {
        var gone = Baseline().Except(Lines(), StringComparer.Ordinal).ToList();
        Assert.True(gone.Count == 0, "The other version of the cluster does not understand what is said differently: add a field, or a package v2. Gone:\n" + string.Join('\n', gone));
    }

    [Fact]
    public void Everything_that_is_said_is_on_record()
    {
        var added = Lines().Except(Baseline(), StringComparer.Ordinal).ToList();
        Assert.True(added.Count == 0, "Add these lines to protos/baseline.txt, so that they stay from now on:\n" + string.Join('\n', added));
    }

    /// <summary>The rules of buf's STANDARD category that a compiler does not hold us to.</summary>
    [Fact]
    public void Names_are_those_of_the_style_guide()
    {
        var wrong = new List<string>();
        foreach (var file in Files)
        {
            if (!Regex.IsMatch(file.Package, @"^merpati\.[a-z]+\.v[1-9][0-9]*$", RegexOptions.ExplicitCapture, TimeSpan.FromSeconds(1))) wrong.Add($"the package {file.Package} has no version");
            if (!file.Name.StartsWith(file.Package.Replace('.', '/') + "/", StringComparison.Ordinal)) wrong.Add($"{file.Name} does not lie in the folder of its package {file.Package}");
            foreach (var service in file.Services)
            {
                if (!service.Name.EndsWith("Service", StringComparison.Ordinal)) wrong.Add($"{service.FullName} is no …Service");
                foreach (var method in service.Methods)
                {
                    if (method.InputType.Name != method.Name + "Request" || method.OutputType.Name != method.Name + "Response") wrong.Add($"{method.FullName} has no request and response of its own name");
                }
            }
            foreach (var type in file.EnumTypes)
            {
                var prefix = Shout(type.Name);
                if (type.Values[0].Number != 0 || type.Values[0].Name != prefix + "UNSPECIFIED") wrong.Add($"{type.FullName} does not begin with {prefix}UNSPECIFIED = 0");
                wrong.AddRange(type.Values.Where(value => !value.Name.StartsWith(prefix, StringComparison.Ordinal)).Select(value => $"{value.FullName} does not begin with {prefix}"));
            }
            foreach (var message in file.MessageTypes)
                wrong.AddRange(message.Fields.InFieldNumberOrder().Where(field => !Regex.IsMatch(field.Name, "^[a-z][a-z0-9]*(_[a-z0-9]+)*$", RegexOptions.ExplicitCapture, TimeSpan.FromSeconds(1))).Select(field => $"{field.FullName} is not in lower_snake_case"));
        }
        wrong.Should().BeEmpty();
    }

    private static IEnumerable<string> Lines()
        => Files.SelectMany(file => file.MessageTypes.SelectMany(Fields).Concat(file.EnumTypes.SelectMany(Values)).Concat(file.Services.SelectMany(Methods))).Order(StringComparer.Ordinal);

    private static IEnumerable<string> Fields(MessageDescriptor message)
        => message.Fields.InFieldNumberOrder().Select(field => string.Create(CultureInfo.InvariantCulture, $"{field.FullName} = {field.FieldNumber} {Label(field)}{Type(field)}{(field.RealContainingOneof is { } oneof ? $" of {oneof.Name}" : "")}"))
            .Concat(message.NestedTypes.Where(nested => nested.GetOptions()?.MapEntry != true).SelectMany(Fields)).Concat(message.EnumTypes.SelectMany(Values));

    private static string Label(FieldDescriptor field) => field.IsRepeated ? "repeated " : field.HasPresence && field.FieldType != FieldType.Message && field.RealContainingOneof is null ? "optional " : "";

    private static string Type(FieldDescriptor field) => field.FieldType switch
    {
        FieldType.Message => field.MessageType.FullName,
        FieldType.Enum => field.EnumType.FullName,
        var simple => simple.ToString().ToLowerInvariant(),
    };

    private static IEnumerable<string> Values(EnumDescriptor type) => type.Values.Select(value => string.Create(CultureInfo.InvariantCulture, $"{value.FullName} = {value.Number}"));

    private static IEnumerable<string> Methods(ServiceDescriptor service)
        => service.Methods.Select(method => $"{method.FullName}({(method.IsClientStreaming ? "stream " : "")}{method.InputType.FullName}) returns ({(method.IsServerStreaming ? "stream " : "")}{method.OutputType.FullName})");

    private static string Shout(string name) => string.Concat(name.Select((letter, i) => i > 0 && char.IsUpper(letter) ? "_" + letter : char.ToUpperInvariant(letter).ToString())) + "_";

    private static string[] Baseline([CallerFilePath] string path = "") => File.ReadAllLines(Path.Combine(Path.GetDirectoryName(path)!, "../../protos/baseline.txt"));
}
